"""The stack of gated dilated layers, nearly all of WaveNet's work: a plain reference and compiled loops.

`dispatch.gated_stack` chooses between them. The package does not know classes, logits or networks. Its
modules import Numba and PyTorch, so nothing is imported here.
"""
