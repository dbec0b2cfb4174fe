"""Vector operations and small matrix products, written in LLVM's intermediate representation.

The package does not know layers, clips or threads. Its modules import Numba, so nothing is imported here.
"""
