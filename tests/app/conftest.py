"""Fixtures of the application's tests."""

from listening import arms, blind_test, made_test

__all__ = ["arms", "blind_test", "made_test"]
