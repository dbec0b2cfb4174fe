"""A corpus and a config become a run: one loop for every arm. Knows nothing of pages."""
