"""The demo's configuration, and the training and evaluation configs that follow from it.

This file trains and evaluates nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from partita.data.preparation.prepare import PrepareConfig
from partita.errors import PartitaError
from partita.evaluation.evaluate import EvaluateConfig, fit_config
from partita.experiments.budget import rate_after
from partita.models.sizes import size_named
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import like_model, sample_rate_of

ARMS = ("likelihood", "report")
AUTO, NONE = "auto", "none"
START = "start"  # the run that both arms continue from
START_SHARE = 0.6  # of the training time, before the arms: they should start from a model that plays
FRAMES_RATE_SHARE = 0.25  # of the frame tier's learning rate, for the arms
SHORT_MINUTES = 4.0  # in less time a small network learns no more than a tiny one
MIN_TRAINING_MINUTES = 0.15
MIN_BITS_SECONDS = 10.0  # of held-out sound for the bits per sample


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """What the demo learns from, and how long it takes.

    Raises:
        PartitaError: a value is out of its range.

    >>> DemoConfig(minutes=1).network_size
    'tiny'
    """

    recordings: Path | None = None
    """A folder of recordings to learn from. Without it synthetic violin studies are made."""
    minutes: float = 10.0
    """Time of the whole demo, from the corpus to the page."""
    out: Path = Path("demo")
    """Output folder. A demo that was started there before is continued."""
    size: str | None = None
    """Network size: `tiny`, `small`, `wide` or `published`. By default `small`, below 4 minutes `tiny`."""
    sample_rate: int = 16000
    """Sample rate of the corpus and of the clips, in Hz."""
    start_from: Annotated[str, tyro.conf.arg(name="from")] = AUTO
    """Model from which training starts: a run, or the name of a model that ships. It decides the size. By
    default, `auto`, a model that ships, if one has the sample rate and does not know the held-out sound;
    `none` starts with random weights."""
    seed: int = 0
    """Seed of the studies, the splits, the training and the clips."""
    device: str = "auto"
    """Device for training: `cpu`, `cuda`, or `auto` for a GPU if there is one."""

    def __post_init__(self) -> None:
        """Check all values before anything is written."""
        if not (math.isfinite(self.minutes) and 0.1 <= self.minutes <= 100_000):
            raise PartitaError(f"`minutes` is {self.minutes}: give the time of the whole demo, at least 0.1")
        if self.size is not None:
            size_named(self.size)
        if self.start_model is not None:
            self._check_start(self.start_model)
        PrepareConfig(sample_rate=self.sample_rate)
        start_training(self, minutes=MIN_TRAINING_MINUTES)
        if self.recordings is None and not 4_000 <= self.sample_rate <= 192_000:
            raise PartitaError(
                f"`sample_rate` is {self.sample_rate}: give 4000 to 192000 Hz for synthetic studies"
            )

    def _check_start(self, start_from: str) -> None:
        """Refuse a size beside the model's own, and another sample rate."""
        if self.size is not None:
            raise PartitaError(
                f"`size` is {self.size!r}, but the model to start from has its own: leave out `--size`"
            )
        rate = sample_rate_of(start_from)
        if rate != self.sample_rate:
            raise PartitaError(
                f"`sample_rate` is {self.sample_rate}, but {start_from} has {rate}: give"
                f" `--sample-rate {rate}`"
            )

    @property
    def start_model(self) -> str | None:
        """The model to start from; None where there is none, or none yet."""
        return None if self.start_from in {AUTO, NONE} else self.start_from

    @property
    def network_size(self) -> str:
        """The network's size: the given one, or one that suits the time."""
        return self.size or ("tiny" if self.minutes < SHORT_MINUTES else "small")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that must stay the same for a demo to be continued, fit for JSON."""
        recordings = None if self.recordings is None else str(self.recordings.absolute())
        return {
            "recordings": recordings,
            "minutes": self.minutes,
            "size": self.network_size,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
        } | ({} if self.start_from == AUTO else {"start_from": self.start_from})


@dataclass(frozen=True, kw_only=True)
class EtudePlan:
    """The synthetic studies of a demo.

    Args:
        count: number of studies.
        seconds: length of each study.
        test: pattern of the file names of the test split.
        validation: pattern of the file names of the validation split.
    """

    count: int
    seconds: float
    test: str
    validation: str


def etudes_for(minutes: float) -> EtudePlan:
    """Return studies with the total length of the demo, at least 4 and at most 30 minutes.

    A quarter of them is for the test.

    Args:
        minutes: time of the whole demo.

    >>> etudes_for(10.0)
    EtudePlan(count=24, seconds=25.0, test='etude-0[1-6].wav', validation='etude-0[7-8].wav')
    """
    total = min(1800.0, max(240.0, 60.0 * minutes))
    return EtudePlan(
        count=24,
        seconds=round(total / 24, 1),
        test="etude-0[1-6].wav",
        validation="etude-0[7-8].wav",
    )


def divide_minutes(minutes: float) -> tuple[float, float]:
    """Divide the training time between the common start and the arms.

    Args:
        minutes: time of all training.

    Returns:
        The minutes of the start, and those of each arm, which are the same for all arms.

    >>> divide_minutes(10.0)
    (6.0, 2.0)
    """
    start = START_SHARE * minutes
    return round(start, 3), round((minutes - start) / len(ARMS), 3)


def start_training(config: DemoConfig, *, minutes: float) -> TrainConfig:
    """Return the training config of the common start: likelihood, without the final decay of the rate.

    A short demo makes fewer validations.

    Args:
        config: the demo's.
        minutes: of the start.
    """
    training = TrainConfig(
        size=config.network_size,
        minutes=minutes,
        seed=config.seed,
        device=config.device,
        lr_floor=1.0,
        validations=25 if config.minutes >= SHORT_MINUTES else 10,
        patience=0,
        preview_clips=0,
        tensorboard=False,
    )
    return training if config.start_model is None else like_model(training, config.start_model)


def arm_training(config: DemoConfig, *, minutes: float, steps: int) -> TrainConfig:
    """Return the training config that the arms share.

    Their optimizers have no state at first, so the learning rate rises slowly, to the value at the end of the
    start, and then decays to its end. The frame tier, in which the arms do not differ, goes on slowly: its
    rate has decayed in the start.

    Args:
        config: the demo's.
        minutes: of each arm.
        steps: updates of the start.
    """
    start = start_training(config, minutes=minutes)
    rate = rate_after(start, steps)
    frames = replace(start.frames, learning_rate=FRAMES_RATE_SHARE * start.frames.learning_rate)
    floor = TrainConfig().lr_floor
    return replace(start, learning_rate=rate, lr_decay_steps=0, lr_floor=floor, frames=frames)


def evaluation_config(config: DemoConfig, *, held_out: Sequence[float]) -> EvaluateConfig:
    """Return the evaluation for a demo with enough time: as many clips as fit in the held-out sound.

    Args:
        config: the demo's.
        held_out: lengths of the test split's segments, in seconds.

    >>> evaluation_config(DemoConfig(minutes=10), held_out=[120.0]).clips
    16
    """
    plan = EvaluateConfig(
        clips=16 if config.minutes >= SHORT_MINUTES else 8,
        bits_seconds=max(MIN_BITS_SECONDS, 12.0 * config.minutes),
        seed=config.seed,
        device=config.device,
    )
    return fit_config(plan, held_out)
