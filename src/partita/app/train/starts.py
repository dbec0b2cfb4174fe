"""The models that a training can start from: WaveNets with the sample rate of the page's corpora."""

from partita.app.play.describing import describe
from partita.app.play.library import Library
from partita.errors import PartitaError


def start_models(library: Library) -> list[dict[str, str]]:
    """Return the models to start from, those that ship first.

    Args:
        library: all models.

    Returns:
        `name` and `title` of each.

    >>> from pathlib import Path
    >>> [model["name"] for model in start_models(Library((), Path("nowhere")))]
    ['bach-violin']
    """
    from partita.data.preparation.prepare import PrepareConfig
    from partita.models.choice import WAVENET  # imports PyTorch

    found = []
    for choice in library.choices():
        try:
            facts = describe(choice.path)
        except (PartitaError, OSError):  # damaged, or removed meanwhile
            continue
        if facts["kind"] == WAVENET and facts["sample_rate"] == PrepareConfig().sample_rate and facts["step"]:
            found.append((not choice.ships, {"name": choice.name, "title": choice.title}))
    return [model for _, model in sorted(found, key=lambda pair: pair[0])]


def start_of(library: Library, name: str) -> str:
    """Return what the command line calls a model.

    Args:
        library: all models.
        name: of the model, or "".

    Raises:
        MissingError: there is no such model.
    """
    return library.get(name).given if name else ""
