"""Distances between sets of clips in two feature spaces, also as noise that takes real sound as far."""
