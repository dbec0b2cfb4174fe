"""Losses as pure functions of tensors, one file for each method.

The package knows no networks, optimizers, windows or files.
"""
