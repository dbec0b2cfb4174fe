"""A run that is finished, whatever state it is found in, and what there is to say of it. Chooses nothing."""

from pathlib import Path

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs.folder import RunFolder
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train


def finished_run(
    corpus: Corpus, path: Path, config: TrainConfig, *, start_from: Path | None = None
) -> RunFolder:
    """Return the run in a folder: as it is if it came to its end, else gone on with, else begun.

    Args:
        corpus: what it learns from.
        path: its folder.
        config: how it is trained, if it is not there.
        start_from: the run whose weights it starts from.

    Raises:
        PartitaError: the run there learnt from another corpus, or training fails.
    """
    if not path.exists():
        return RunFolder.open(train(corpus, path, config, start_from=start_from, quiet=True))
    refuse_other_corpus(corpus, path)
    run = RunFolder.open(path)
    if not run.finished:
        resume(path, corpus=corpus, quiet=True)
    return run


def refuse_other_corpus(corpus: Corpus, path: Path) -> None:
    """Raise an error where the run in a folder, if there is one, learnt from another corpus.

    Raises:
        PartitaError: it did.
    """
    if path.exists() and RunFolder.open(path).config()["corpus"]["fingerprint"] != corpus.fingerprint:
        raise PartitaError(f"{path} was trained on another corpus than {corpus.path}: remove it")
