"""Discriminators: networks that tell real waveforms from generated ones, and their shapes.

Every discriminator returns feature maps, and the logits of "this is real" as the last of them. The package
knows no losses, optimizers or files.
"""
