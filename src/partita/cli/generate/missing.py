"""Notice files and models that do not exist, without PyTorch. This file reads no sound."""

from collections.abc import Iterable
from pathlib import Path

from partita.checks import nearest_path
from partita.errors import PartitaError
from partita.runs.shipped.folder import model_path


def refuse_missing(models: Iterable[Path | None], files: Iterable[tuple[str, Path | None]]) -> None:
    """Raise an error if a model or a file that will be read does not exist.

    Args:
        models: runs, checkpoints or names of models that ship; None for one that is not given.
        files: options with their files; None for one that is not given, and - for standard input.

    Raises:
        PartitaError: one does not exist; the message has the file of the most similar name beside it.

    >>> refuse_missing([], [("--prime", Path("nowhere/prompt.wav"))])
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `--prime` nowhere/prompt.wav does not exist: check the path
    """
    for model in models:
        if model is not None:
            model_path(model)
    for option, path in files:
        if path is not None and str(path) != "-" and not path.exists():
            raise PartitaError(f"`{option}` {path} does not exist: check the path{nearest_path(path)}")
