"""Read sound files of any format as tracks of float32 blocks, also where the file is damaged.

- `detection` finds out the format from the first bytes.
- `libsndfile` and `ffmpeg` decode; both yield a `track.Track`.
- `completeness` (WAV, AIFF, AU, CAF; with `chunks` and `headers`), `flac`, `mp3` and `ogg` find the `parts`
  of a file: where its sound begins and ends, and where several files were joined.

This package does not mix channels or change the sample rate.
"""
