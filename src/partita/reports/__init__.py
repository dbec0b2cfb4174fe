"""Turn clips, scores and metrics into self-contained HTML pages.

- `report.py`: the page of one or more models that continue the same prompts; `page.py` writes a page.
- `listening.py`: players, and the same clips as files beside the page.
- `sound_words.py`, `next_steps.py`: how clips sound, in words; what to do next, as commands.
- `charts.py`, `axes.py`, `curves.py`: line charts, their axes, and the learning curves of a run.
- `score_table.py`, `score_kinds.py`, `pair_text.py`: the table of scores with intervals; comparisons as text.
- `spectrogram_images.py`, `audio_data.py`: spectrograms and sound as data URLs.
- `templating.py`, `templates/`: HTML from Jinja templates, which share `base.html.j2` and `parts.html.j2`.

This package does not train, draw clips or compute scores.
"""
