"""The arena's page.

- `page.py`: collects the content, and writes the page.
- `kinds.py`: the names and the descriptions of the arena's scores.
- `plots.py`: the plane of both divergences, and the curves over temperature.
- `sentences.py`: the three sentences with which the page begins.
- `kept_clips.py`: a few clips of each arm, to be played.

This package computes no scores.
"""
