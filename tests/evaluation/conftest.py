"""Fixtures of the evaluation tests."""

from recordings import real_recordings
from small_models import corpus, four_classes, loaded, network, one_thread, quantizer

__all__ = ["corpus", "four_classes", "loaded", "network", "one_thread", "quantizer", "real_recordings"]
