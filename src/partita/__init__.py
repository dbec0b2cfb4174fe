"""Partita: autoregressive models of raw audio, adversarial training, and tests of whether it helps.

The public names are loaded when they are first used, so that `import partita` is fast and does not import
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

_MODULES = {
    "Corpus": "partita.data.corpus",
    "load": "partita.runs.loading",
    "prepare": "partita.data.preparation.prepare",
    "train": "partita.training.train",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module 'partita' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Return the public names, for tab completion."""
    return __all__
