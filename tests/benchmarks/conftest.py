"""Fixtures of the benchmark tests."""

from small_models import corpus, loaded, network, quantizer

__all__ = ["corpus", "loaded", "network", "quantizer"]
