"""Scores of models and clips, one file for each score.

- `bits.py`: bits per sample on held-out sound.
- `distances/frechet.py`: Frechet distance between frames in a feature space.
- `distances/mmd.py`: unbiased maximum mean discrepancy between frames in a feature space.
- `distances/timbre.py`: features of half seconds of sound, the second feature space beside log-mel bands.
- `distances/noise_scale.py`: the distances to real sound, as white noise that takes real sound as far.
- `harmonicity.py`: harmonic-to-noise ratio, share of voiced frames, and pitch by autocorrelation.
- `pitch_agreement.py`: share of frames with the pitch of a score or of a given line.
- `drift.py`: change of level and spectrum by second; silent, saturated and stuck clips.
- `drift_from_real.py`: drift of level, spectrum and voiced share by second, compared with real clips.
- `runaway.py`: share of clips that break down within their first seconds.
- `seam.py`: change of the spectrum where a prompt ends.
- `variety.py`: coverage of real sound, and distance to the nearest sound of the training.
- `divergence.py`: KL and Jensen-Shannon divergences between two known models.
- `steered.py`: upper bound on the KL divergence of steered sampling.
- `signal_stats.py`: level, silence, clipping and spectral flatness.
- `two_sample.py`: how well a fresh classifier separates drawn clips from real ones.
- `patch_auc.py`: how well a limited classifier separates moments of 32 ms of drawn and of real clips.
- `judge_agreement.py`: correlation of a judge's rewards with the exact log-ratio.
"""
