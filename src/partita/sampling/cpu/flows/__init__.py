"""Compiled passes of flows.

- `kernel` and `packing`: an inverse autoregressive flow, noise to sound.
- `inverse`: the inverse of a masked autoregressive flow, sample by sample.
"""
