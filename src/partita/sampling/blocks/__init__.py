"""Clips of models that make many samples at once, as streams.

- `stream`: what all have in common: blocks of values become classes of as many samples as are wanted.
- `iaf`: an inverse autoregressive flow.
- `maf`: a masked autoregressive flow; `inverse` is what makes its windows.
- `frames`: the frames of a condition around a block.
- `gan`: the generator of a GAN.
- `choice`: the stream of any model.
"""
