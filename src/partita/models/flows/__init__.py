"""Normalizing flows: invertible networks between noise and sound.

- `iaf`: inverse autoregressive flow, noise to sound in one parallel pass.
- `gated_flow`: one such flow, a gated dilated stack that gives a mean and a scale for each sample.
- `harmonics`: sines at the multiples of the pitch, which the flows may use.
"""
