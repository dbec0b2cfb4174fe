"""What a network is given besides its own past: features of the sound, notes and labels, as frames.

It does not know where the frames come from, nor how a network uses the products.
"""
