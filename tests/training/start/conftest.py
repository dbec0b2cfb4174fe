"""Fixtures of the tests of starts from another model."""

from stand_in import card_content, etude_corpus, etude_run, etudes, shipped_folder, stand_in

__all__ = ["card_content", "etude_corpus", "etude_run", "etudes", "shipped_folder", "stand_in"]
