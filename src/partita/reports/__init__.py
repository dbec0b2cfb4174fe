"""Turn clips, scores and metrics into self-contained HTML reports.

- `report.py`: the report page of one or more arms.
- `charts.py`, `curves.py`: line charts; the learning curves of a run.
- `score_table.py`: the table of scores with intervals.
- `spectrogram_images.py`, `audio_data.py`: spectrograms and sound as data URLs.
- `templating.py`, `templates/`: HTML from Jinja templates.

This package does not train, draw clips or compute scores.
"""
