"""Runs and held-out recordings become scores with intervals. Knows nothing of pages."""
