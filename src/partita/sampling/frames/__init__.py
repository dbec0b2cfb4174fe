"""Frames drawn by the frame tier, as a stream.

`sampler.py` draws them with the compiled kernel of `sampling/cpu`; `reference.py` is the plain rule. This
package does not know where frames are used.
"""
