"""Normalizing flows: invertible networks between noise and sound.

- `iaf`: inverse autoregressive flow, noise to sound in one parallel pass.
- `gated_flow`: one such flow, a gated dilated stack that gives a mean and a scale for each sample.
- `maf`: masked autoregressive flow, sound to noise, with its density, in one parallel pass.
- `spline_flow`: one such flow, a gated dilated stack that gives a mean, a scale and a spline for each sample.
- `block_biases`: what the condition adds in each flow.
- `level`: the level of sound with given features.
- `harmonics`: sines at the multiples of the pitch, which the flows may use.
"""
