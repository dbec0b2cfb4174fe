"""Fixtures of the doctor's tests."""

from recordings import real_recordings

__all__ = ["real_recordings"]
