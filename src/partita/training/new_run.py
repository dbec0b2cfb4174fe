"""Create a run: resolve its config, make the train step and the windows, and write the run's folder."""

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.data.corpus import Corpus
from partita.data.frame_windows import FrameWindows
from partita.data.frames.excerpts import segment_frames
from partita.data.windows import TrainingWindows
from partita.models.frame_tier.model import STARTS
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.runs.model import shape_table
from partita.runs.shipped.ancestry import START
from partita.runs.versions import versions
from partita.training.config.arms import with_arm
from partita.training.config.tiers import with_conditions
from partita.training.config.train import DEFAULT_MINUTES, TrainConfig
from partita.training.monitoring.chosen_temperatures import ChosenTemperatures
from partita.training.schedule import Pace
from partita.training.start.like_model import period_taps_of
from partita.training.start.weights import load_start, start_of
from partita.training.state import TrainerState, TrainingRun
from partita.training.steps.choice import make_learner
from partita.training.steps.student import StudentStep


def create_run(
    corpus: Corpus, out: str | Path, config: TrainConfig, *, start_from: str | Path | None = None
) -> TrainingRun:
    """Create a run folder with the config and the untrained checkpoint of step 0.

    Args:
        corpus: the corpus that the run learns from.
        out: the folder, which must be absent or empty.
        config: the resolved config.
        start_from: a run, or a model that ships, whose weights to start from.

    Raises:
        PartitaError: the folder is not empty, the disk is full, or the weights do not fit the config.
    """
    if start_from is not None and config.period_taps is None and config.gan is None:
        config = replace(config, period_taps=period_taps_of(start_from))
    config = with_conditions(config, corpus, inherited=start_from is not None or config.iaf is not None)
    train_step = make_learner(config, corpus.sample_rate)
    start = None if start_from is None else load_start(train_step, config, corpus, start_from)
    if start is None and isinstance(train_step, StudentStep) and train_step.settings.teacher is not None:
        start = start_of(train_step.taught_by, train_step.settings.teacher, corpus)
    # after the weights, which bring the range of their own corpus; a student's tier is that of its teacher
    if train_step.frame_tier is not None and config.iaf is None:
        train_step.frame_tier.set_range(*training_frames(corpus, train_step.frame_tier.model.config.layout))
    windows = training_windows(corpus, config, context=train_step.context)
    frames = frame_windows(corpus, config)
    state = TrainerState(pace=_first_pace(config, windows))
    if state.pace.per_step:
        state.every = state.pace.interval(config.validations)
    entries = {"windows": windows.state(), "position": state.as_json(), "finished": False, "step": 0}
    if frames is not None:
        entries["frame_windows"] = frames.state()
    inherited = ChosenTemperatures(frames=None if start is None else start.frame_temperature)
    first = Checkpoint(tensors=train_step.tensors(), state=entries | inherited.state())
    tables = _config_tables(config, corpus, Path(out)) | ({} if start is None else {START: start.section})
    folder = RunFolder.create(out, tables, first)
    return TrainingRun(
        folder=folder,
        corpus=corpus,
        config=config,
        train_step=train_step,
        windows=windows,
        frame_windows=frames,
        state=state,
        notes=() if start is None else start.warnings,
        frame_temperature=inherited.frames,
    )


def resolve(config: TrainConfig) -> TrainConfig:
    """Return the config with the settings of its arm and with a budget.

    Args:
        config: a config that may name an arm without its settings, and may lack a budget.

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


def training_windows(corpus: Corpus, config: TrainConfig, *, context: int) -> TrainingWindows:
    """Return the stream of training windows that a config asks for.

    Args:
        corpus: the corpus to cut windows from.
        config: targets, batch, seed and quantizer.
        context: samples before the first target of each window.
    """
    return TrainingWindows(
        corpus,
        targets=config.targets,
        context=context,
        batch=config.batch,
        seed=config.seed,
        quantizer=config.quantizer,
        layout=config.network_shape.condition,
        augmentation=config.augmentation if config.augment == "on" else None,
    )


def frame_windows(corpus: Corpus, config: TrainConfig) -> FrameWindows | None:
    """Return the stream of the frame tier's windows, or None without a frame tier that learns.

    Args:
        corpus: the corpus to cut windows from.
        config: a config with resolved conditions.
    """
    model = config.frames.model
    if model is None or config.iaf is not None:  # a student has the frame tier of its teacher
        return None
    return FrameWindows(
        corpus,
        length=config.frames.length,
        batch=config.frames.batch,
        seed=config.seed,
        layout=model.layout,
        # a tier that has seen every level forgets which one is usual, and its clips fade
        augmentation=replace(config.augmentation, gain_db=0.0) if config.augment == "on" else None,
    )


def training_frames(corpus: Corpus, layout: FrameLayout) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the features of the training split, and those that a clip without a prompt may start from.

    With many short segments, such as spoken words, a clip starts as they do. With few long ones it starts
    where there is sound of the usual level: at frames with a pitch whose level is in the middle half of their
    levels, evenly spaced. From louder ones clips would begin too loud.

    Args:
        corpus: the run's corpus.
        layout: the columns of the frames.
    """
    features = replace(layout, notes=False, labels=())  # the columns of a long score would fill the memory
    each = [segment_frames(corpus, one, features) for one in corpus.segments("train")]
    frames = np.concatenate(each)
    if len(each) >= STARTS:
        return frames, np.stack([each[i][0] for i in np.linspace(0, len(each) - 1, STARTS).astype(np.int64)])
    level, periodicity = frames[:, : layout.bands].mean(1), frames[:, layout.bands + 1]
    voiced = periodicity >= min(0.5, periodicity.max())
    low, high = np.quantile(level[voiced], (0.25, 0.75)) if voiced.any() else (level.min(), level.max())
    usual = np.flatnonzero(voiced & (level >= low) & (level <= high))
    places = usual if len(usual) else np.arange(len(frames))
    chosen = np.linspace(0, len(places) - 1, min(STARTS, len(places))).astype(np.int64)
    return frames, frames[places[chosen]]


def _first_pace(config: TrainConfig, windows: TrainingWindows) -> Pace:
    if config.steps is not None:
        return Pace.of_steps(config.steps)
    if config.epochs is not None:
        return Pace.of_steps(max(1, math.ceil(config.epochs * windows.batches_per_epoch)))
    return Pace()


def _config_tables(config: TrainConfig, corpus: Corpus, out: Path) -> dict[str, Any]:
    """Return the content of config.toml."""
    return {
        "corpus": {
            "path": str(corpus.path.absolute()),
            "relative": os.path.relpath(corpus.path.absolute(), out.absolute()),
            "fingerprint": corpus.fingerprint,
            "sample_rate": corpus.sample_rate,
        },
        "network": to_table(config.network_shape),
        **shape_table(config.other_shape),
        **({} if config.frames.model is None else {"frames": to_table(config.frames.model)}),
        "quantizer": to_table(config.quantizer),
        "training": to_table(config),
        "versions": versions(),
    }
