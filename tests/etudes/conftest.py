"""Fixtures of these tests."""

from recordings import corpus, folder, real_recordings, tone

__all__ = ["corpus", "folder", "real_recordings", "tone"]
