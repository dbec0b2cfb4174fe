"""Partita: autoregressive models of raw audio, an adversary for them, and a measure of whether it helped.

The names below are loaded when they are first used, so that `import partita` is quick and does not load
PyTorch.

>>> import partita
>>> partita.Corpus.__name__
'Corpus'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from partita.errors import PartitaError

if TYPE_CHECKING:
    from partita.data.corpus import Corpus
    from partita.data.preparation.prepare import prepare
    from partita.runs.loading import load
    from partita.training.train import train

__all__ = ["Corpus", "PartitaError", "__version__", "load", "prepare", "train"]

__version__ = "0.1.0"

_HOMES = {
    "Corpus": "partita.data.corpus",
    "load": "partita.runs.loading",
    "prepare": "partita.data.preparation.prepare",
    "train": "partita.training.train",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name not in _HOMES:
        raise AttributeError(f"module 'partita' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, for completion."""
    return __all__
