"""What clips are given besides a prompt: notes, labels, a line to play, or features; and the frames of it.

`conditions.py`, one folder up, turns frames into what an engine adds.
"""
