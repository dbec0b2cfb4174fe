"""Output heads: the distribution of a sample over the classes, from a network's outputs.

`categorical.py` has a free probability for each class. `logistic.py` and `gaussian.py` have a density over
values, integrated over the bins of the classes, for grids of up to 16 bits. The package knows no networks.
"""
