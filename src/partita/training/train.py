"""Train new runs, resume interrupted ones, and finish runs in whatever state they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs.folder import RunFolder, is_finished
from partita.storage import lock_folder
from partita.training.config.train import TrainConfig
from partita.training.new_run import create_run, resolve
from partita.training.restore import find_corpus, restore_run, unfinished_config
from partita.training.session import SessionOptions, run_until_done, session
from partita.training.start.like_model import like_model
from partita.training.trainer import Trainer

DEFAULT_OPTIONS = SessionOptions()


def train(
    corpus: Corpus | str | Path,
    out: str | Path,
    config: TrainConfig | None = None,
    *,
    start_from: str | Path | None = None,
    quiet: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """Train a model and return its run folder.

    Args:
        corpus: a prepared corpus, or its folder.
        out: the run folder to make; it must be absent or empty.
        config: what to train; by default the likelihood arm, size `small`, for 20 minutes.
        start_from: a run, or a model that ships, whose weights to start from; its network must have the
            config's shape, and without a config its shape and quantizer are taken.
        quiet: show nothing on standard error.
        stop: called after each step; if it returns True, the run is saved and its folder returned.

    Raises:
        PartitaError: an argument is wrong, the disk is full, or a loss is not finite.
        Interrupted: Ctrl-C or SIGTERM; the run is saved and can be resumed.
    """
    options = SessionOptions(quiet=quiet)
    with new_trainer(corpus, out, config, start_from=start_from, options=options) as trainer:
        return run_until_done(trainer, stop)


def resume(
    run: str | Path,
    *,
    corpus: Corpus | str | Path | None = None,
    device: str | None = None,
    quiet: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """Resume an interrupted run from its newest checkpoint, and return its folder.

    Args:
        run: the run's folder.
        corpus: the run's corpus or its folder, if it has moved.
        device: a device that replaces the config's.
        quiet: show nothing on standard error.
        stop: called after each step; if it returns True, the run is saved and its folder returned.

    Raises:
        PartitaError: there is no run, the run is finished, its corpus is missing or another one, or the
            checkpoint is damaged.
        Interrupted: Ctrl-C or SIGTERM; the run is saved and can be resumed.
    """
    options = SessionOptions(quiet=quiet)
    with resumed_trainer(run, corpus=corpus, device=device, options=options) as trainer:
        return run_until_done(trainer, stop)


@contextmanager
def new_trainer(
    corpus: Corpus | str | Path,
    out: str | Path,
    config: TrainConfig | None = None,
    *,
    start_from: str | Path | None = None,
    options: SessionOptions = DEFAULT_OPTIONS,
) -> Iterator[Trainer]:
    """Create a run and yield its trainer; no other process can write to the run while the block runs.

    Args:
        corpus: a prepared corpus, or its folder.
        out: the run folder to make; it must be absent or empty.
        config: what to train; by default the likelihood arm, size `small`, for 20 minutes.
        start_from: as for `train`.
        options: display and corpus check.

    Raises:
        PartitaError: an argument is wrong, or the disk is full.
    """
    if config is None and start_from is not None:
        config = like_model(TrainConfig(), start_from)
    config = resolve(config or TrainConfig())
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    RunFolder(Path(out)).check_available()
    with options.checking(corpus) as check:
        run = create_run(corpus, out, config, start_from=start_from)
        with lock_folder(run.folder.path), session(run, check, quiet=options.quiet) as trainer:
            yield trainer


@contextmanager
def resumed_trainer(
    run: str | Path,
    *,
    corpus: Corpus | str | Path | None = None,
    device: str | None = None,
    options: SessionOptions = DEFAULT_OPTIONS,
) -> Iterator[Trainer]:
    """Restore a run and yield its trainer; no other process can write to the run while the block runs.

    Args:
        run: the run's folder.
        corpus: the run's corpus or its folder, if it has moved.
        device: a device that replaces the config's.
        options: display and corpus check.

    Raises:
        PartitaError: there is no run, the run is finished, its corpus is missing or another one, or the
            checkpoint is damaged.
    """
    folder = RunFolder.open(run)
    config = unfinished_config(folder, device=device)
    corpus = find_corpus(folder, corpus)
    with options.checking(corpus) as check, lock_folder(folder.path):  # before anything there is changed
        restored = restore_run(folder, config, corpus)
        with session(restored, check, quiet=options.quiet) as trainer:
            yield trainer


def finished_run(
    corpus: Corpus,
    path: Path,
    config: TrainConfig,
    *,
    start_from: str | Path | None = None,
    quiet: bool = False,
) -> RunFolder:
    """Return the finished run in a folder: train it if it is absent, resume it if it is unfinished.

    Args:
        corpus: the corpus that the run is trained on.
        path: the run's folder.
        config: the config of a run that is absent; a run that exists keeps its own.
        start_from: the run, or the name of a model that ships, whose weights a new run starts from.
        quiet: show nothing on standard error.

    Raises:
        PartitaError: the run there was trained on another corpus, or training fails.
        Interrupted: Ctrl-C or SIGTERM; the run is saved, and the same call resumes it.
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
