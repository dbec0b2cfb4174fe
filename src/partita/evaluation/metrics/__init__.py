"""Scores of models and clips, one file for each score.

- `bits.py`: bits per sample on held-out sound.
- `frechet.py`: Frechet distance between log-mel frames.
- `divergence.py`: KL and Jensen-Shannon divergences between two known models.
- `steered.py`: upper bound on the KL divergence of steered sampling.
- `signal_stats.py`: level, silence, clipping and spectral flatness.
- `two_sample.py`: how well a fresh classifier separates drawn clips from real ones.
- `judge_agreement.py`: correlation of a judge's rewards with the exact log-ratio.
"""
