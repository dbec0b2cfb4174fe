"""The CPU engine: threads draw groups of clips with functions that Numba compiles.

`engine` is what the rest of Partita uses. `clip_group` has the state of clips, `packing` lays out weights,
and `kernel`, `matmul` and `categorical` are the compiled functions. This package does not know the GPU
engine.
"""
