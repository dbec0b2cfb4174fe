"""A model, an prompt and a seed become audio, as a stream. Knows nothing of training."""
