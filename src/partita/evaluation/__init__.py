"""Score trained models on held-out sound and compare arms statistically.

- `evaluate.py`: all scores of one model, as `partita evaluate` prints them.
- `clip_scores.py`: all scores of clips, compared with real sound.
- `clips.py`: real prompts, their real continuations, and the model's continuations.
- `temperature.py`: choose the sampling temperature on the validation split.
- `metrics/`: one file for each score.
- `statistics/`: intervals, paired tests, correction for several comparisons, verdicts.

This package writes no pages and knows no experiments.
"""
