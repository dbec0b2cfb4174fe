"""Fixtures of the evaluation tests."""

from small_models import corpus, four_classes, loaded, network, one_thread, quantizer
from stand_in import card_content, etude_corpus, etude_run, etudes, shipped_folder, stand_in

__all__ = [
    "card_content",
    "corpus",
    "etude_corpus",
    "etude_run",
    "etudes",
    "four_classes",
    "loaded",
    "network",
    "one_thread",
    "quantizer",
    "shipped_folder",
    "stand_in",
]
