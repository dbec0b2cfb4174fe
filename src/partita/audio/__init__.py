"""Sound files to arrays and back.

- `load`, `decoding`, `mixing`, `peaks`, `formats/`: read a recording in any format as mono samples.
- `quantizer`: waveform values to classes and back, by mu-law or on a linear scale.
- `spectrogram`, `silence`, `level`, `pcm`: what is computed from samples.
- `wav`, `encoding`, `output_formats`, `writing`: write clips.

This package does not know corpora, models or the command line.
"""
