"""Compiled CPU code: the gated stack, vector operations, small matrix products, the cache of compiled code.

`gated_stack/` runs WaveNet's layers forward and backward, `llvm/` holds what they and the sampler are made
of, `numba_cache` compiles functions and caches their machine code on disk. The package does not know whole
networks. Its modules import Numba, so nothing is imported here.
"""
