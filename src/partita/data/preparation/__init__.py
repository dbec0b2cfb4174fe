"""From recordings to a corpus: find the files, prepare each, split, label, and write the index.

This package does not know training windows or models.
"""
