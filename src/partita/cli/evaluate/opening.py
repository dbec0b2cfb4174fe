"""Open all models and the corpus of an evaluation, and check that they fit together, before any is scored."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from partita.data.corpus import INDEX, Corpus
from partita.errors import PartitaError
from partita.evaluation.evaluate import check_model_fits_corpus
from partita.runs.loading import LoadedModel, load
from partita.runs.weights import find_checkpoint

ORDER = "give the models first and the corpus last, `partita evaluate MODEL... CORPUS`"


def open_all(models: Sequence[str], corpus: Path, split: str) -> tuple[dict[str, LoadedModel], Corpus]:
    """Open the corpus and each model, and check that the model can be scored on the split.

    Args:
        models: run folders, checkpoints or names of models that ship, as they were typed.
        corpus: the folder of the corpus.
        split: the split to score.

    Returns:
        The models by their names as typed, and the corpus.

    Raises:
        PartitaError: there is no model or no corpus among the arguments, they are in the wrong order, a model
            is given twice, one can't be opened, or it does not fit the corpus.
    """
    _check_places(models, corpus)
    opened = Corpus.open(corpus)
    loaded = {name: load(name) for name in models}
    for name, model in loaded.items():
        with naming(name, several=len(models) > 1):
            check_model_fits_corpus(model, opened, split)
    return loaded, opened


@contextmanager
def naming(name: str, *, several: bool) -> Iterator[None]:
    """Begin the messages of errors with the name of the model, if there are several.

    Args:
        name: the model as it was typed.
        several: whether there are other models.

    >>> with naming("runs/a", several=True):
    ...     raise PartitaError("a score is not finite")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: runs/a: a score is not finite
    """
    try:
        yield
    except PartitaError as error:
        if not several:
            raise
        raise type(error)(f"{name}: {error}") from error


def _check_places(models: Sequence[str], corpus: Path) -> None:
    """Check that there are models and a corpus, that the corpus is last, and that no model is given twice."""
    if not models:
        missing = "model" if _is_corpus(corpus) else "corpus"
        raise PartitaError(f"only {corpus} is given, and no {missing}: {ORDER}")
    if not _is_corpus(corpus) and _is_model(corpus):
        early = next((name for name in models if _is_corpus(Path(name))), None)
        found = "no corpus is given" if early is None else f"the corpus {early} is not the last argument"
        raise PartitaError(f"{found}, and {corpus} is a model: {ORDER}")
    paths = [Path(name) for name in models]
    for place, path in enumerate(paths):
        if path in paths[:place]:
            raise PartitaError(f"the model {models[place]} is given twice: give it once")


def _is_corpus(path: Path) -> bool:
    return (path / INDEX).is_file()


def _is_model(path: Path) -> bool:
    try:
        find_checkpoint(path)
    except PartitaError:
        return False
    return True
