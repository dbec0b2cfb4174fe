"""The trainer's state: how far a run is, its schedule, its newest numbers. Checkpoints hold it as JSON.

`TrainingRun` is a run with all that training changes.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from partita.data.corpus import Corpus
from partita.data.frame_windows import FrameWindows
from partita.data.windows import TrainingWindows
from partita.runs.folder import RunFolder
from partita.tables import Table
from partita.training.config.train import MOST_STEPS, TrainConfig
from partita.training.schedule import Pace, learning_rate
from partita.training.steps.learner import Learner

REMEDY = "copy the checkpoint again, or remove it to use another one"


@dataclass
class Meter:
    """Sums of named numbers over the steps since the last record, to log their means.

    Args:
        sums: the sum of each number.
        counts: the number of steps in each sum.
        steps: steps since the last record.
        targets: targets trained on since the last record.
        seconds: seconds of these steps.

    >>> meter = Meter()
    >>> meter.add({"bits": 4.0}, targets=10, seconds=0.5)
    >>> meter.add({"bits": 5.0}, targets=10, seconds=0.5)
    >>> meter.take()
    {'bits': 4.5, 'samples_per_second': 20.0}
    >>> meter.steps
    0
    """

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    targets: int = 0
    seconds: float = 0.0

    def add(self, numbers: dict[str, float], *, targets: int, seconds: float) -> None:
        """Add the numbers of one step.

        Args:
            numbers: the step's numbers.
            targets: the step's valid targets.
            seconds: the step's duration.
        """
        for name, value in numbers.items():
            # checkpoints of older versions lack counts, because each step had all numbers
            before = self.steps if name in self.sums else 0
            self.counts[name] = self.counts.get(name, before) + 1
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.steps += 1
        self.targets += targets
        self.seconds += seconds

    def take(self) -> dict[str, float]:
        """Return the means and `samples_per_second`, and reset all sums."""
        means = {name: total / self.counts.get(name, self.steps) for name, total in self.sums.items()}
        rate = self.targets / max(self.seconds, 1e-9)
        self.sums, self.counts, self.steps, self.targets, self.seconds = {}, {}, 0, 0, 0.0
        return means | {"samples_per_second": round(rate, 1)}


@dataclass
class TrainerState:
    """How far a run is, and what the trainer needs to continue it.

    Args:
        step: generator updates made so far.
        seconds: wall-clock time in the training loop, over all sessions.
        every: steps from one validation to the next; 0 while this is unknown.
        pace: the map from steps to progress.
        meter: the sums for the next record.
        best_bits: the best validation score so far.
        best_step: the step of the best score.
        last_bits: the newest validation score.
        last_scored: the step of the newest score.
        stale: validations since the best score.
        trouble: the current problem of the drawn clips in words; empty if there is none.
    """

    step: int = 0
    seconds: float = 0.0
    every: int = 0
    pace: Pace = field(default_factory=Pace)
    meter: Meter = field(default_factory=Meter)
    best_bits: float | None = None
    best_step: int | None = None
    last_bits: float | None = None
    last_scored: int | None = None
    stale: int = 0
    trouble: str = ""

    def score(self, bits: float) -> None:
        """Record a validation score; in the first quarter of a run no score counts as stale.

        Args:
            bits: bits per sample, lower is better.
        """
        self.last_bits, self.last_scored = bits, self.step
        if self.best_bits is None or bits < self.best_bits:
            self.best_bits, self.best_step, self.stale = bits, self.step, 0
        elif self.pace.progress(self.step) > 0.25:
            self.stale += 1

    def learning_rate(self, config: TrainConfig) -> float:
        """Return the learning rate of the next update.

        Args:
            config: the run's config.

        >>> config = TrainConfig(learning_rate=0.01, warmup=10, lr_decay_steps=0)
        >>> TrainerState(step=4).learning_rate(config)
        0.005
        """
        steps = self.pace.steps()
        return learning_rate(
            self.step,
            self.pace.progress(self.step),
            peak=config.learning_rate,
            warmup=config.warmup if steps is None else min(config.warmup, steps // 10),
            floor=config.lr_floor,
            decay_steps=config.lr_decay_steps,
        )

    def seconds_left(self, budget: float | None) -> float | None:
        """Return the seconds until the run ends, by its steps or by its budget, or None if neither is known.

        Args:
            budget: seconds of training in the whole run, or None without a budget.

        >>> TrainerState(step=10, seconds=5.0, pace=Pace.of_steps(100)).seconds_left(None)
        45.0
        >>> TrainerState(step=10, seconds=5.0, pace=Pace.of_steps(100)).seconds_left(30.0)
        25.0
        """
        steps = self.pace.steps()
        ends = [] if budget is None else [budget - self.seconds]
        if steps is not None and self.step:
            ends.append((steps - self.step) * self.seconds / self.step)
        return max(0.0, min(ends)) if ends else None

    def progress(self, budget: float | None) -> float:
        """Return the share of the run that is done: by steps or by time, whichever is greater.

        Args:
            budget: seconds of training in the whole run, or None without a budget.

        >>> state = TrainerState(step=10, seconds=30.0)
        >>> state.progress(60.0), state.progress(None)
        (0.5, 0.0)
        """
        of_time = 0.0 if budget is None else min(1.0, self.seconds / budget)
        return max(of_time, self.pace.progress(self.step))

    def as_json(self) -> dict[str, Any]:
        """Return all fields as values for JSON.

        >>> TrainerState.from_json(TrainerState(step=3).as_json()).step
        3
        """
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any], *, where: str = "state.json") -> "TrainerState":
        """Return the state that `as_json` described.

        Args:
            state: the value that `as_json` returned.
            where: the file's name in error messages.

        Raises:
            PartitaError: a value is missing, of a wrong type or out of range.
        """
        table = Table(state, where, REMEDY, "position.")
        bits = table.number
        return cls(
            step=table.integer("step", minimum=0, maximum=MOST_STEPS),
            seconds=table.number("seconds", minimum=0.0),
            every=table.integer("every", minimum=0, maximum=MOST_STEPS),
            pace=_pace(table.table("pace")),
            meter=_meter(table.table("meter")),
            best_bits=table.optional("best_bits", bits),
            best_step=table.optional("best_step", lambda name: table.integer(name, minimum=0)),
            last_bits=table.optional("last_bits", bits),
            last_scored=table.optional("last_scored", lambda name: table.integer(name, minimum=0)),
            stale=table.integer("stale", minimum=0),
            trouble=table.text("trouble", default=""),
        )


def _pace(table: Table) -> Pace:
    per_step = table.number("per_step", minimum=0.0)
    progress = table.number("anchor_progress", minimum=0.0)
    if per_step > 1.0 or 0.0 < per_step < 1.0 / MOST_STEPS:
        table.reject("per_step", f"must be 0, or from {1.0 / MOST_STEPS:g} to 1")
    if progress > 1.0:
        table.reject("anchor_progress", "must be at most 1")
    return Pace(
        per_step=per_step,
        anchor_step=table.integer("anchor_step", minimum=0, maximum=MOST_STEPS),
        anchor_progress=progress,
        anchor_seconds=table.number("anchor_seconds", minimum=0.0),
    )


def _meter(table: Table) -> Meter:
    sums = table.table("sums")
    counts = table.table("counts") if "counts" in table.values else Table({}, table.source, REMEDY)
    return Meter(
        sums={name: sums.number(name) for name in sums.values},
        counts={name: counts.integer(name, minimum=1) for name in counts.values},
        steps=table.integer("steps", minimum=1 if sums.values else 0),
        targets=table.integer("targets", minimum=0),
        seconds=table.number("seconds", minimum=0.0),
    )


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A run that is ready to be trained: its folder, its data, and all that training changes.

    Args:
        folder: the run's folder.
        corpus: the corpus that the run learns from.
        config: the run's resolved config.
        train_step: generator, optimizer, and the adversary if there is one.
        windows: the stream of training windows.
        state: how far the run is.
        frame_windows: the stream of the frame tier's windows, if there is a frame tier.
        notes: lines to show when training starts.
        frame_temperature: that of the model which the run starts from, for a run too short to choose one.
    """

    folder: RunFolder
    corpus: Corpus
    config: TrainConfig
    train_step: Learner[Any]
    windows: TrainingWindows
    state: TrainerState
    frame_windows: FrameWindows | None = None
    notes: tuple[str, ...] = ()
    frame_temperature: float | None = None
