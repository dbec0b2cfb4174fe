"""Fixtures of these tests."""

from small_models import corpus, loaded, network, quantizer

__all__ = ["corpus", "loaded", "network", "quantizer"]
