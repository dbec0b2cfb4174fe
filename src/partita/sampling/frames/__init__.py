"""Frames drawn by the frame tier, as a stream.

`sampler.py` draws them with the compiled kernel of `sampling/cpu`; `reference.py` is the plain rule;
`loudness.py` sets the loudness of frames that follow a line. This
package does not know where frames are used.
"""
