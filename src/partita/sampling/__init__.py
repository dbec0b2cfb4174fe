"""A model, an opening and a seed become audio, as a stream. Knows nothing of training."""
