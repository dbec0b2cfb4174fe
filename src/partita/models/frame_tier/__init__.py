"""The frame tier: a recurrent network that predicts frames of features, about 100 a second.

`config.py` has its shape, `model.py` the network, `columns.py` the density of a frame's columns, `given.py`
the network of notes and labels, and `randomness.py` the noise of training. It does not know files, losses or
loops.
"""
