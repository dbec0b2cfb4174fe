"""Sequential Monte Carlo: draw clips that a scorer prefers.

`sampler` draws particles and resamples them, `resampling` has the arithmetic, and `scorers` the scorers: a
discriminator, or the log-ratio of two models. This package does not know runs or waveform files.
"""
