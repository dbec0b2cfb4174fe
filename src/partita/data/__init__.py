"""Corpora: prepared recordings on disk, their index, training windows, and prompts.

`preparation` makes a corpus from recordings. This package does not know models.
"""
