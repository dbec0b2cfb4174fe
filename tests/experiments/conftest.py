"""Fixtures of these tests."""

from small_models import corpus, loaded, network, one_thread, quantizer

__all__ = ["corpus", "loaded", "network", "one_thread", "quantizer"]
