"""Begin a run, or go on with one. What happens in between is the loop's."""

import math
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from partita.audio.corpus import Corpus
from partita.audio.windows import TrainingWindows
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.runs.checkpoint import Checkpoint, load_checkpoint
from partita.runs.config import from_table, to_table
from partita.runs.folder import CONFIG, REMEDY, RunFolder
from partita.runs.loading import load
from partita.runs.versions import versions
from partita.sampling.interruption import Interrupted, listening_for_signals
from partita.storage import sole_writer
from partita.training.arms import with_arm
from partita.training.board import Board
from partita.training.config import DEFAULT_MINUTES, TrainConfig
from partita.training.critic import load_critic
from partita.training.learner import Learner
from partita.training.loop import Loop, interval
from partita.training.memory import keep_freed_memory
from partita.training.position import Position
from partita.training.progress import Display
from partita.training.restoring import position_of, refuse_other_network, restore
from partita.training.schedule import Pace


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
    config = resolve(config or TrainConfig())
    corpus = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    RunFolder(Path(out)).refuse_if_taken()
    learner = Learner(config, critic=load_critic(config, corpus.sample_rate))
    if start_from is not None:
        _begin_from(learner, config, corpus, start_from)
    windows = _windows(corpus, config, learner.context)
    position = Position(pace=_pace(config, windows))
    if position.pace.per_step:
        position.every = interval(position.pace, config)
    state = {"windows": windows.state(), "position": position.as_json(), "finished": False, "step": 0}
    first = Checkpoint(tensors=learner.tensors(), state=state)
    run = RunFolder.create(out, _record(config, corpus, Path(out)), first)
    with sole_writer(run.path):
        return _go(
            run=run,
            corpus=corpus,
            config=config,
            learner=learner,
            windows=windows,
            position=position,
            quiet=quiet,
            stop=stop,
        )


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
    with sole_writer(folder.path):  # before anything there is touched
        newest, lost = folder.rewind()
        refuse_other_network(config, newest)
        checkpoint = load_checkpoint(newest)
        position = position_of(checkpoint, newest)
        learner = Learner(config, critic=load_critic(config, corpus.sample_rate))
        windows = _windows(corpus, config, learner.context)
        restore(learner, checkpoint.tensors, newest)
        windows.restore(checkpoint.state["windows"])
        return _go(
            run=folder,
            corpus=corpus,
            config=config,
            learner=learner,
            windows=windows,
            position=position,
            quiet=quiet,
            stop=stop,
            remark=f"{folder.metrics_path} lacks {lost} records that it had: its curves have gaps"
            if lost
            else "",
        )


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


def _go(
    *,
    run: RunFolder,
    corpus: Corpus,
    config: TrainConfig,
    learner: Learner,
    windows: TrainingWindows,
    position: Position,
    quiet: bool,
    stop: Callable[[], bool] | None,
    remark: str = "",
) -> Path:
    begun = time.monotonic()
    keep_freed_memory()
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(config.threads or threads)
        board = Board(run.board_path, step=position.step, on=config.tensorboard)
        with (
            listening_for_signals() as request,
            Display(run.path.name, quiet=quiet) as display,
            closing(board),
        ):
            display.say(_summary(corpus, learner))
            if remark:
                display.say(remark)
            position.seconds += time.monotonic() - begun  # importing TensorBoard takes seconds of the budget
            loop = Loop(
                run=run,
                corpus=corpus,
                config=config,
                learner=learner,
                windows=windows,
                position=position,
                display=display,
                board=board,
            )
            finished = loop.until(lambda: request.signal_name is not None or (stop is not None and stop()))
    finally:
        torch.set_num_threads(threads)
    if request.signal_name is not None:
        rest = "it had come to its end" if finished else f"go on with `partita train --resume {run.path}`"
        raise Interrupted(f"stopped by {request.signal_name} and saved at step {position.step}: {rest}")
    return run.path


def _summary(corpus: Corpus, learner: Learner) -> str:
    weights = sum(parameter.numel() for parameter in learner.generator.parameters())
    precision = "bfloat16" if learner.machine.bfloat16 else "float32"
    minutes = corpus.seconds("train") / 60
    return f"{weights:,} weights learn {minutes:.1f} minutes of sound ({learner.machine.device}, {precision})"


def _windows(corpus: Corpus, config: TrainConfig, context: int) -> TrainingWindows:
    return TrainingWindows(
        corpus,
        targets=config.targets,
        context=context,
        batch=config.batch,
        seed=config.seed,
        quantiser=config.quantiser,
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
        "quantiser": to_table(config.quantiser),
        "training": to_table(config),
        "versions": versions(),
    }


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path.absolute(), start.absolute())


def _find_corpus(folder: RunFolder, table: dict[str, Any], given: Corpus | str | Path | None) -> Corpus:
    """Open the run's corpus where it was, where it lies relative to the run, or where it is said to be
    now."""
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


def _begin_from(learner: Learner, config: TrainConfig, corpus: Corpus, start_from: str | Path) -> None:
    loaded = load(start_from)
    network, quantiser = loaded.model.config, loaded.quantiser
    if network != config.network_shape:
        name = next((name for name, shape in SIZES.items() if shape == network), None)
        remedy = f"`--size {name}`" if name else "that shape, with `--config` and the run's config.toml"
        raise PartitaError(
            f"the network of {start_from} has another shape than the one to be trained: give {remedy}"
        )
    if quantiser != config.quantiser:
        raise PartitaError(
            f"{start_from} has {quantiser.classes} {quantiser.kind} classes, not {config.quantiser.classes}"
            f" {config.quantiser.kind}: give `--quantiser.kind {quantiser.kind}` and `--quantiser.classes"
            f" {quantiser.classes}`"
        )
    if loaded.sample_rate != corpus.sample_rate:
        raise PartitaError(
            f"{start_from} has `sample_rate` {loaded.sample_rate} but the corpus {corpus.path} has"
            f" {corpus.sample_rate}: prepare the recordings again with `--sample-rate {loaded.sample_rate}`"
        )
    learner.begin_from(dict(loaded.model.state_dict()))
