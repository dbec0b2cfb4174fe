"""Fixtures of the evaluation tests."""

from recordings import real_recordings
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
    "real_recordings",
    "shipped_folder",
    "stand_in",
]
