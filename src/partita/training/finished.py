"""Train a run to its end, from whatever state its folder is in."""

from pathlib import Path

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs.folder import RunFolder, is_finished
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train


def finished_run(
    corpus: Corpus, path: Path, config: TrainConfig, *, start_from: Path | None = None, quiet: bool = False
) -> RunFolder:
    """Return the finished run in a folder: train it if it is absent, resume it if it is unfinished.

    Args:
        corpus: the corpus that the run is trained on.
        path: the run's folder.
        config: the config of a run that is absent; a run that exists keeps its own.
        start_from: the run whose weights a new run starts from.
        quiet: show nothing on standard error.

    Raises:
        PartitaError: the run there was trained on another corpus, or training fails.
        Interrupted: Ctrl-C or SIGTERM; the run is saved and the same call resumes it.
    """
    refuse_other_corpus(corpus, path)
    if not path.exists():
        train(corpus, path, config, start_from=start_from, quiet=quiet)
    elif not is_finished(path):
        resume(path, corpus=corpus, quiet=quiet)
    return RunFolder.open(path)


def refuse_other_corpus(corpus: Corpus, path: Path) -> None:
    """Raise an error if a folder holds a run that was trained on another corpus.

    Args:
        corpus: the corpus that the run must have been trained on.
        path: the run's folder, which may be absent.

    Raises:
        PartitaError: the run was trained on another corpus.
    """
    if path.exists() and RunFolder.open(path).config()["corpus"]["fingerprint"] != corpus.fingerprint:
        raise PartitaError(
            f"{path} was trained on another corpus than {corpus.path}: remove it, or give another folder"
            " with `--out`"
        )
