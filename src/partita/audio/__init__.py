"""Recordings become a corpus: memory-mapped samples, an index, splits, windows and classes. Knows nothing of
models."""
