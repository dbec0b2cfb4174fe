"""Networks as `torch.nn.Module`s, and their shapes by name.

`wavenet.py` is the generator, `flows/` and `waveform_gan.py` have others, and `discriminators/` the networks
that tell real from generated sound. The package knows no files, losses or loops.
"""
