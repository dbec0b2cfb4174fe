"""Begin a run, or go on with one. What happens in between is the trainer's."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from partita.data.corpus import Corpus
from partita.data.verify import BackgroundCheck
from partita.data.windows import TrainingWindows
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.runs.checkpoint import Checkpoint, load_checkpoint
from partita.runs.config import from_table, to_table
from partita.runs.folder import CONFIG, REMEDY, RunFolder
from partita.runs.loading import load
from partita.runs.versions import versions
from partita.storage import sole_writer
from partita.training.config.arms import with_arm
from partita.training.config.train import DEFAULT_MINUTES, TrainConfig
from partita.training.judges.critic import load_critic
from partita.training.restore import refuse_other_network, restore, state_of
from partita.training.schedule import Pace
from partita.training.session import run_until_done, session
from partita.training.state import TrainerState
from partita.training.train_step import TrainStep
from partita.training.trainer import Trainer, interval


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
        out: the run folder to make; it must not exist, or be empty.
        config: what to train; by default the likelihood arm, `small`, for 20 minutes.
        start_from: a run whose weights to start from; its network must be the config's.
        quiet: show nothing on standard error.
        stop: asked after each step; when it says yes, the run is saved as it is and its folder returned.

    Raises:
        PartitaError: a mistake in what was given, a full disk, or a loss that is not finite.
        Interrupted: Ctrl-C or SIGTERM; the run is saved and can go on.
    """
    with beginning(corpus, out, config, start_from=start_from, quiet=quiet) as trainer:
        return run_until_done(trainer, stop)


@contextmanager
def beginning(
    corpus: Corpus | str | Path,
    out: str | Path,
    config: TrainConfig | None = None,
    *,
    start_from: str | Path | None = None,
    quiet: bool = False,
    check: BackgroundCheck | None = None,
) -> Iterator[Trainer]:
    """Begin a run and yield its trainer, untrained; arguments and errors are those of `train`.

    The run's folder is kept to this process while the block runs.

    Args:
        check: a comparison of this corpus that goes on already; without one, it is begun here.
    """
    config = resolve(config or TrainConfig())
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    RunFolder(Path(out)).refuse_if_taken()
    with _checking(corpus, check) as known:
        train_step = TrainStep(config, critic=load_critic(config, corpus.sample_rate))
        if start_from is not None:
            _begin_from(train_step, config, corpus, start_from)
        windows = _windows(corpus, config, train_step.context)
        state = TrainerState(pace=_pace(config, windows))
        if state.pace.per_step:
            state.every = interval(state.pace, config)
        entries = {"windows": windows.state(), "position": state.as_json(), "finished": False, "step": 0}
        first = Checkpoint(tensors=train_step.tensors(), state=entries)
        run = RunFolder.create(out, _record(config, corpus, Path(out)), first)
        with (
            sole_writer(run.path),
            session(
                run=run,
                corpus=corpus,
                check=known,
                config=config,
                train_step=train_step,
                windows=windows,
                state=state,
                quiet=quiet,
            ) as trainer,
        ):
            yield trainer


def resume(
    run: str | Path,
    *,
    corpus: Corpus | str | Path | None = None,
    device: str | None = None,
    quiet: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """Go on with a run that was interrupted, from its newest checkpoint, as if nothing had happened.

    Args:
        run: its folder.
        corpus: where its corpus is now, if it has moved.
        device: another device than the config's.
        quiet: show nothing on standard error.
        stop: as for `train`.

    Raises:
        PartitaError: no run, nothing left to do, no corpus or another one, or a damaged checkpoint.
        Interrupted: as for `train`.
    """
    with resuming(run, corpus=corpus, device=device, quiet=quiet) as trainer:
        return run_until_done(trainer, stop)


@contextmanager
def resuming(
    run: str | Path,
    *,
    corpus: Corpus | str | Path | None = None,
    device: str | None = None,
    quiet: bool = False,
    check: BackgroundCheck | None = None,
) -> Iterator[Trainer]:
    """Yield the trainer of a run, at its newest checkpoint; arguments and errors are those of `resume`.

    The run's folder is kept to this process while the block runs.

    Args:
        check: a comparison of this corpus that goes on already; without one, it is begun here.
    """
    folder = RunFolder.open(run)
    table = folder.config()
    where = f"{folder.path / CONFIG} [training]"
    config = from_table(TrainConfig, table["training"], where=where)
    if to_table(config.network_shape) != table["network"]:
        raise PartitaError(f"{where} asks for another network than [network]: {REMEDY}")
    if device is not None:
        config = replace(config, device=device)
    if folder.finished:
        raise PartitaError(
            f"{folder.path} is finished: to train further, `partita train CORPUS --from {folder.path}"
            " --out ANOTHER`"
        )
    corpus = _find_corpus(folder, table["corpus"], corpus)
    with _checking(corpus, check) as known, sole_writer(folder.path):  # before anything there is touched
        newest = folder.newest()
        refuse_other_network(config, newest)
        checkpoint = load_checkpoint(newest)
        state = state_of(checkpoint, newest)
        train_step = TrainStep(config, critic=load_critic(config, corpus.sample_rate))
        windows = _windows(corpus, config, train_step.context)
        restore(train_step, checkpoint.tensors, newest)
        windows.restore(checkpoint.state["windows"])
        remarks = folder.rewind()  # only once all that it goes on from is known to be undamaged
        with session(
            run=folder,
            corpus=corpus,
            check=known,
            config=config,
            train_step=train_step,
            windows=windows,
            state=state,
            quiet=quiet,
            remarks=remarks,
        ) as trainer:
            yield trainer


def _checking(corpus: Corpus, check: BackgroundCheck | None) -> AbstractContextManager[BackgroundCheck]:
    """Return the comparison that goes on already, which ends with its own block, or a new one."""
    return BackgroundCheck(corpus) if check is None else nullcontext(check)


def resolve(config: TrainConfig) -> TrainConfig:
    """Return the config with its budget and its arm spelled out: naming an arm is enough to train it.

    >>> resolve(TrainConfig()).minutes
    20.0
    >>> resolve(TrainConfig(arm="report")).adversary is not None
    True
    """
    if config.arm != "likelihood":
        config = with_arm(config, config.arm)
    if config.steps is None and config.epochs is None and config.minutes is None:
        config = replace(config, minutes=DEFAULT_MINUTES)
    return config


def _windows(corpus: Corpus, config: TrainConfig, context: int) -> TrainingWindows:
    return TrainingWindows(
        corpus,
        targets=config.targets,
        context=context,
        batch=config.batch,
        seed=config.seed,
        quantizer=config.quantizer,
    )


def _pace(config: TrainConfig, windows: TrainingWindows) -> Pace:
    if config.steps is not None:
        return Pace.of_steps(config.steps)
    if config.epochs is not None:
        return Pace.of_steps(max(1, math.ceil(config.epochs * windows.batches_per_epoch)))
    return Pace()


def _record(config: TrainConfig, corpus: Corpus, out: Path) -> dict[str, Any]:
    """Return the content of config.toml."""
    return {
        "corpus": {
            "path": str(corpus.path.absolute()),
            "relative": _relative(corpus.path, out),
            "fingerprint": corpus.fingerprint,
            "sample_rate": corpus.sample_rate,
        },
        "network": to_table(config.network_shape),
        "quantizer": to_table(config.quantizer),
        "training": to_table(config),
        "versions": versions(),
    }


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path.absolute(), start.absolute())


def _find_corpus(folder: RunFolder, table: dict[str, Any], given: Corpus | str | Path | None) -> Corpus:
    """Open the run's corpus where it was, where it lies relative to the run, or where it is said to be
    now."""
    if isinstance(given, Corpus) and given.fingerprint == table["fingerprint"]:
        return given
    if isinstance(given, Corpus):
        places = [given.path]
    elif given is not None:
        places = [Path(given)]
    else:
        places = [Path(table["path"]), folder.path.absolute() / table["relative"]]
    for place in places:
        if (place / "index.json").is_file() or given is not None:
            corpus = Corpus.open(place)
            if corpus.fingerprint == table["fingerprint"]:
                return corpus
            raise PartitaError(
                f"the corpus {place} is not the one that {folder.path} was trained on (its content has"
                " changed): name that one, `partita train CORPUS --resume RUN`, or begin a new run"
            )
    raise PartitaError(
        f"the corpus of {folder.path} is neither {' nor '.join(map(str, places))}: say where it is,"
        f" `partita train CORPUS --resume {folder.path}`"
    )


def _begin_from(train_step: TrainStep, config: TrainConfig, corpus: Corpus, start_from: str | Path) -> None:
    loaded = load(start_from)
    network, quantizer = loaded.model.config, loaded.quantizer
    if network != config.network_shape:
        name = next((name for name, shape in SIZES.items() if shape == network), None)
        remedy = f"`--size {name}`" if name else "that shape, with `--config` and the run's config.toml"
        raise PartitaError(
            f"the network of {start_from} has another shape than the one to be trained: give {remedy}"
        )
    if quantizer != config.quantizer:
        raise PartitaError(
            f"{start_from} has {quantizer.classes} {quantizer.kind} classes, not {config.quantizer.classes}"
            f" {config.quantizer.kind}: give `--quantizer.kind {quantizer.kind}` and `--quantizer.classes"
            f" {quantizer.classes}`"
        )
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"{start_from} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again with `--sample-rate {loaded.sample_rate}`"
        )
    train_step.begin_from(dict(loaded.model.state_dict()))
