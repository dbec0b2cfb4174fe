"""Fixtures of these tests."""

from small_models import corpus, loaded, network, quantiser

__all__ = ["corpus", "loaded", "network", "quantiser"]
