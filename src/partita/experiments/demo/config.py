"""What the demo is asked for, and how it shares out its minutes. Does nothing of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partita.data.preparation.prepare import PrepareConfig
from partita.errors import PartitaError
from partita.evaluation.evaluate import EvaluateConfig, fitted
from partita.models.sizes import size_named
from partita.training.config.train import TrainConfig
from partita.training.schedule import learning_rate

ARMS = ("likelihood", "report")
START = "start"  # the run that both arms go on from
START_SHARE = 0.6  # of all training, before the arms part: the question is of a model that plays
SHORT = 4.0  # minutes: below it a small network has no time to learn more than a tiny one
LEAST = 0.15  # minutes of training, however little was asked for
LEAST_BITS_SECONDS = 10.0  # of sound that bits are scored on, however little time there is


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """What the demo is asked for.

    Raises:
        PartitaError: a value is out of its range.

    >>> DemoConfig(minutes=1).network_size
    'tiny'
    """

    recordings: Path | None = None
    """A folder of recordings to learn from; without it synthetic studies for solo violin are made."""
    minutes: float = 10.0
    """Time for all of it, corpus and page included."""
    out: Path = Path("demo")
    """The folder for everything that is made; a demo that lies there already is gone on with."""
    size: str | None = None
    """The network: `tiny`, `small`, `wide` or `published`; by default `small`, below 4 minutes `tiny`."""
    sample_rate: int = 16000
    """Samples a second of the corpus and of the clips, in Hz."""
    seed: int = 0
    """Decides the studies, the splits, the training and the clips."""
    device: str = "auto"
    """Where to train: `cpu`, `cuda`, or `auto`, a GPU where there is one."""

    def __post_init__(self) -> None:
        """Refuse what can't be done, before anything is written."""
        if not (math.isfinite(self.minutes) and 0.1 <= self.minutes <= 100_000):
            raise PartitaError(f"`minutes` is {self.minutes}: give the time for the whole demo, at least 0.1")
        if self.size is not None:
            size_named(self.size)
        PrepareConfig(sample_rate=self.sample_rate)
        training(self, minutes=LEAST)
        if self.recordings is None and not 4_000 <= self.sample_rate <= 192_000:
            raise PartitaError(
                f"`sample_rate` is {self.sample_rate}: the synthetic studies need 4000 to 192000 Hz"
            )

    @property
    def network_size(self) -> str:
        """The network's name, chosen by the time there is unless it was given."""
        return self.size or ("tiny" if self.minutes < SHORT else "small")

    @property
    def settings(self) -> dict[str, Any]:
        """What two demos must share for one to go on with the other's work; fit for JSON."""
        recordings = None if self.recordings is None else str(self.recordings.absolute())
        return {
            "recordings": recordings,
            "minutes": self.minutes,
            "size": self.network_size,
            "sample_rate": self.sample_rate,
            "seed": self.seed,
        }


@dataclass(frozen=True, kw_only=True)
class Etudes:
    """The synthetic studies of a demo: how many, how long, and which are held out."""

    count: int
    seconds: float
    test: str
    validation: str


def etudes_for(minutes: float) -> Etudes:
    """Return studies as long together as the demo takes, within 4 and 30 minutes; a quarter of them for the
    test.

    >>> etudes_for(10.0)
    Etudes(count=24, seconds=25.0, test='etude-0[1-6].wav', validation='etude-0[7-8].wav')
    """
    total = min(1800.0, max(240.0, 60.0 * minutes))
    return Etudes(
        count=24,
        seconds=round(total / 24, 1),
        test="etude-0[1-6].wav",
        validation="etude-0[7-8].wav",
    )


def shares(minutes: float) -> tuple[float, float]:
    """Return what of all training the common start gets, and what each arm, the same for all.

    >>> shares(10.0)
    (6.0, 2.0)
    """
    start = START_SHARE * minutes
    return round(start, 3), round((minutes - start) / len(ARMS), 3)


def training(config: DemoConfig, *, minutes: float) -> TrainConfig:
    """Return how the common start is trained: by likelihood, at a rate that does not yet fall to its end.

    In a short time fewer looks at the validation split are taken.
    """
    return TrainConfig(
        size=config.network_size,
        minutes=minutes,
        seed=config.seed,
        device=config.device,
        lr_floor=1.0,
        validations=25 if config.minutes >= SHORT else 10,
        patience=0,
        preview_clips=0,
        tensorboard=False,
    )


def going_on(config: DemoConfig, *, minutes: float, steps: int) -> TrainConfig:
    """Return what the arms have in common.

    After a short rise, since their optimizers begin anew, they take up the learning rate where the start left
    it, and let it fall to its end.

    Args:
        config: what was asked for.
        minutes: of each arm.
        steps: that the start made.
    """
    start = training(config, minutes=minutes)
    rate = learning_rate(
        steps, 0.0, peak=start.learning_rate, warmup=0, floor=start.lr_floor, decay_steps=start.lr_decay_steps
    )
    return replace(start, learning_rate=rate, lr_decay_steps=0, lr_floor=TrainConfig().lr_floor)


def scoring(config: DemoConfig, *, held_out: Sequence[float]) -> EvaluateConfig:
    """Return how much to draw and to score where there is time for it: what fits into the held-out sound
    without overlap.

    Args:
        config: what was asked for.
        held_out: lengths of the test split's segments, in seconds.

    >>> scoring(DemoConfig(minutes=10), held_out=[120.0]).clips
    16
    """
    plan = EvaluateConfig(
        clips=16 if config.minutes >= SHORT else 8,
        bits_seconds=max(LEAST_BITS_SECONDS, 12.0 * config.minutes),
        seed=config.seed,
        device=config.device,
    )
    return fitted(plan, held_out)
