"""Fixtures of the tests of the demo."""

from stand_in import card_content, etude_corpus, etude_run, etudes, shipped_folder, stand_in

__all__ = ["card_content", "etude_corpus", "etude_run", "etudes", "shipped_folder", "stand_in"]
