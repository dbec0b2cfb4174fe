"""Sampling: a model, a prompt and a seed become audio classes, as a stream.

`stream` draws clips block by block; `backend` chooses the engine that computes them: `cpu` (Numba) or `gpu`
(Triton). `smc` steers the draws with a discriminator or another model, and `output` writes clips to files and
pipes. `categorical`, `uniforms` and `reference` are plain implementations that define what the engines
compute. This package does not know how models are trained or where runs are stored.
"""
