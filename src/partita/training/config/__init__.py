"""The settings of training: frozen dataclasses, the arms and the presets.

The package runs no training code. A field's docstring is its help on the command line.
"""
