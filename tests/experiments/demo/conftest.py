"""Fixtures of the tests of the demo."""

from stand_in import etude_corpus, etude_run, etudes

__all__ = ["etude_corpus", "etude_run", "etudes"]
