"""What the arena is asked for, and what follows from it: how the teacher, the students and the arms are
trained, and with which seeds. Does nothing of it."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from partita.checks import check_count, check_range
from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import CHARGED, CRITIC, ORACLE, STEER, ArmSpec, wants_critic
from partita.runs.config import to_table
from partita.seeds import stream_seed
from partita.training.config.train import TrainConfig
from partita.training.schedule import learning_rate

FIRST_VALIDATION = 1000  # seeds for choices are counted from here, those for the test from 0
MOST_SEEDS = 1000
TEACHER_MINUTES, CRITIC_MINUTES, START_MINUTES, ARM_MINUTES = 20.0, 10.0, 15.0, 2.5


@dataclass(frozen=True, kw_only=True)
class ArenaConfig:
    """What the arena is asked for.

    Raises:
        PartitaError: a value is out of its range, or an arm that is none.

    >>> ArenaConfig(out=Path("arena"), seeds=2, validation_seeds=1).all_seeds
    (1000, 0, 1)
    """

    out: Path
    """The folder for everything that is made; an arena that lies there already is gone on with."""
    arms: tuple[str, ...] = ("likelihood", "report", "policy", "critic", "oracle", "steer")
    """The arms, each perhaps with settings behind a colon: `report:adversary.weight=0.3`. Of one arm given
    with several settings, those that are best on the validation seeds go on to the test seeds."""
    seeds: int = 8
    """Students that the scores are taken from, each trained from its own initial weights."""
    validation_seeds: int = 2
    """Further students, by which temperatures and settings are chosen, and no more."""
    minutes: float | None = None
    """Wall-clock time of each arm, 2.5 by default: a discriminator's training is part of it."""
    steps: int | None = None
    """Generator updates of each arm, in place of `minutes`; all repeat bit by bit with one thread."""
    teacher: Path | None = None
    """A trained run, which is the data's distribution; without it one is trained on the corpus."""
    corpus: Path | None = None
    """Sound that the teacher goes on from (by default the corpus that it was trained on), or learns from;
    without either, synthetic studies for solo violin are made."""
    teacher_size: str = "small"
    """The teacher's network, where it is trained here."""
    teacher_minutes: float | None = None
    """Wall-clock time of the teacher's training, 20 by default."""
    teacher_steps: int | None = None
    """Updates of the teacher, in place of `teacher_minutes`."""
    student_size: str = "tiny"
    """The students' network."""
    start_minutes: float | None = None
    """At most so long a student learns before the arms part, 15 by default; it stops when its curve is
    flat."""
    start_steps: int | None = None
    """At most so many updates, in place of `start_minutes`."""
    critic_size: str = "small"
    """The critic's network, for the arms that want one: it learns from the students' clips."""
    critic_minutes: float | None = None
    """Wall-clock time of the critic's training, 10 by default."""
    critic_steps: int | None = None
    """Updates of the critic, in place of `critic_minutes`."""
    students: Path | None = None
    """Another arena, whose teacher's clips, critic and students to begin with: so that equal time and equal
    steps, say, are compared from the same ones. It was trained alike; arms and measures may differ."""
    train_samples: int = 4_000_000
    """Samples that the teacher draws for all students to learn from."""
    train_clips: int = 128
    """Clips that those samples come in; a tenth as many more are for the students' validation."""
    clips: int = 256
    """Clips each way, to measure by."""
    samples: int = 1_000_000
    """Samples each way, over all clips."""
    temperatures: tuple[float, ...] = (1.05, 1.0, 0.95, 0.9, 0.85)
    """What every arm is measured at; 1 is always among them."""
    judge: str = "policy-0"
    """Who steers the arm `steer`: the discriminator of a twin, which is trained for as long as any arm (that
    of `policy-0` hears clips as they are drawn, that of `report-0` samples that each follow real ones), or
    the log-ratio of a `critic` or of the `oracle`, the teacher, which steer likelihood continued."""
    targets: int = 8192
    """Predicted samples in each training window."""
    batch: int = 2
    """Windows in each step."""
    seed: int = 0
    """Behind all other seeds."""
    device: str = "auto"
    """Where to train: `cpu`, `cuda`, or `auto`, a GPU where there is one."""
    precision: str = "auto"
    """Of training: `float32`, `bfloat16`, or `auto`."""
    threads: int | None = None
    """CPU threads of each worker; by default as many as there are cores. With 1, `float32` and steps, all is
    repeatable."""
    workers: int = 1
    """Processes that each work on a student of their own, all at once. Two with a thread each get more done
    on two cores than one with two, and share the machine alike among all arms."""

    def __post_init__(self) -> None:
        """Refuse what can't be done, before anything is written."""
        for name in ("seeds", "validation_seeds"):
            check_range(name, getattr(self, name), 1, MOST_SEEDS)
        for name, least in (("train_clips", 2), ("clips", 2), ("samples", self.clips), ("workers", 1)):
            check_count(name, getattr(self, name), least)
        check_count("train_samples", self.train_samples, self.train_clips)
        for temperature in self.temperatures:
            check_range("temperatures", temperature, 0.01, 100.0)
        for whose in ("", "teacher_", "critic_", "start_"):
            if None not in (getattr(self, f"{whose}minutes"), getattr(self, f"{whose}steps")):
                raise PartitaError(f"both `{whose}minutes` and `{whose}steps` are given: give one of them")
        self._refuse_unequal_shares()
        if not self.arms:
            raise PartitaError("there is no arm: give at least one with `--arms`")
        self.teacher_training()
        self.critic_training()
        self.start_training(0)
        for entry in self.entries:
            self.arm_training(entry, seed=0, steps_before=1)
        _ = self.judge_entry  # whether or not an arm is steered
        self._refuse_unknown_charge()

    def _refuse_unequal_shares(self) -> None:
        """Where arms have equal time, each must have the same share of the machine."""
        if self.workers == 1:
            return
        if self.threads is None:
            raise PartitaError(
                f"`workers` is {self.workers}: say how many threads each of them has, by `--threads`"
            )
        for name in ("seeds", "validation_seeds"):
            if self.steps is None and getattr(self, name) % self.workers:
                raise PartitaError(
                    f"`{name}` is {getattr(self, name)} and `workers` {self.workers}: the last student would"
                    " have the machine to itself; give a multiple, or equal `--steps` in place of minutes"
                )

    def _refuse_unknown_charge(self) -> None:
        """The time that is charged must be that of the critic that judges."""
        named = [one.name for one in self.entries if one.arm != STEER and self.names_critic(one)]
        silent = any(entry.arm == CHARGED and not entry.sets("minutes") for entry in self.entries)
        if named and silent:
            raise PartitaError(
                f"{named[0]} names a critic that was trained elsewhere: say how many minutes likelihood is to"
                f" have for all that, for example `{CHARGED}:minutes=30`"
            )

    @property
    def entries(self) -> tuple[ArmSpec, ...]:
        """The arms with their settings, each once."""
        return tuple(dict.fromkeys(ArmSpec.read(words) for words in self.arms))

    @property
    def judge_entry(self) -> ArmSpec:
        """Who steers."""
        return ArmSpec.read(self.judge)

    @property
    def steered_entry(self) -> ArmSpec:
        """The arm whose model is steered: the twin that has the discriminator, or likelihood continued."""
        return ArmSpec("likelihood") if self.judge_entry.arm in (CRITIC, ORACLE) else self.judge_entry

    @property
    def curve(self) -> tuple[float, ...]:
        """The temperatures that are tried, falling."""
        return tuple(sorted({1.0, *self.temperatures}, reverse=True))

    @property
    def clip_samples(self) -> int:
        """Samples of each clip to measure by."""
        return math.ceil(self.samples / self.clips)

    @property
    def train_clip_samples(self) -> int:
        """Samples of each training clip."""
        return math.ceil(self.train_samples / self.train_clips)

    @property
    def choice_seeds(self) -> tuple[int, ...]:
        """Students that choices are made by."""
        return tuple(range(FIRST_VALIDATION, FIRST_VALIDATION + self.validation_seeds))

    @property
    def test_seeds(self) -> tuple[int, ...]:
        """Students that scores are taken from."""
        return tuple(range(self.seeds))

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """Both, in the order in which they are trained."""
        return self.choice_seeds + self.test_seeds

    def stream(self, purpose: str) -> int:
        """Return the seed of one purpose."""
        return stream_seed(self.seed, f"arena/{purpose}")

    def teacher_training(self) -> TrainConfig:
        """Return how the teacher is trained."""
        config = replace(self._base(), size=self.teacher_size, seed=self.stream("teacher"))
        return _budgeted(config, self.teacher_minutes, self.teacher_steps, TEACHER_MINUTES)

    def critic_training(self) -> TrainConfig:
        """Return how the critic is trained."""
        config = replace(self._base(), size=self.critic_size, seed=self.stream("critic"))
        return _budgeted(config, self.critic_minutes, self.critic_steps, CRITIC_MINUTES)

    def wants_critic(self, entry: ArmSpec) -> bool:
        """Return whether a critic must be trained before an arm."""
        return wants_critic(to_table(self.arm_training(entry, seed=0, steps_before=1)))

    def names_critic(self, entry: ArmSpec) -> bool:
        """Return whether an arm is judged by a run that it, or for `steer` the judge, names."""
        critic = self.arm_training(self.judging(entry), seed=0, steps_before=1).critic
        return critic is not None and critic.run is not None

    def judging(self, entry: ArmSpec) -> ArmSpec:
        """Return the entry that says who judges an arm: of `steer` the judge's, else its own."""
        return self.judge_entry if entry.arm == STEER else entry

    def start_training(self, seed: int) -> TrainConfig:
        """Return how a student is trained before the arms part: until its curve is flat.

        The rate falls by the root of the steps alone, since nothing says beforehand where the end is; it is
        over after 8 of 50 looks at the validation split without a better one.
        """
        base = replace(self._base(), lr_floor=1.0, validations=50, patience=8)
        config = replace(base, seed=self.stream(f"student {seed}"))
        return _budgeted(config, self.start_minutes, self.start_steps, START_MINUTES)

    def arm_training(
        self, entry: ArmSpec, *, seed: int, steps_before: int, critic: Path | None = None
    ) -> TrainConfig:
        """Return how an arm goes on from a student, or how the judge that steers it is trained.

        The rate rises to where the student's was, and falls to its end. All arms of a seed see the same
        windows in the same order.

        Args:
            entry: the arm and its settings.
            seed: the student's.
            steps_before: that the student made.
            critic: the run that judges, where one does.
        """
        start = self._base()
        rate = learning_rate(
            steps_before, 0.0, peak=start.learning_rate, warmup=0, floor=1.0, decay_steps=start.lr_decay_steps
        )
        config = replace(start, learning_rate=rate, lr_decay_steps=0, patience=0, validations=10)
        config = replace(config, seed=self.stream(f"arms {seed}"))
        config = _budgeted(config, self.minutes, self.steps, ARM_MINUTES)
        if entry.arm == CHARGED:
            return self._charged(config, entry)
        if entry.arm != STEER:
            return entry.training(config, critic=critic)
        entry.steering()
        self.judge_entry.training(config)
        steered = self.steered_entry.training(config)
        if self.steered_entry == self.judge_entry and not (steered.adversary and steered.adversary.can_steer):
            raise PartitaError(
                f"`judge` is {self.judge!r}: give {CRITIC}, {ORACLE}, or an arm with a lone `patchgan` that"
                " learns by `log` or `least-squares`, whose logits are ratios"
            )
        return steered

    def _charged(self, config: TrainConfig, entry: ArmSpec) -> TrainConfig:
        if config.minutes is None:
            raise PartitaError(
                f"{entry.name} is given time: give other arms `minutes`, not {self.steps} `steps`"
            )
        if self.critic_steps is not None and not entry.sets("minutes"):
            raise PartitaError(
                f"`critic_steps` {self.critic_steps} take who knows how long: give {CHARGED}:minutes=MINUTES"
            )
        critic = CRITIC_MINUTES if self.critic_minutes is None else self.critic_minutes
        charged = entry.training(replace(config, minutes=config.minutes + critic))
        if charged.minutes is None or charged.minutes < config.minutes:
            raise PartitaError(f"{entry.name} has less than others' {config.minutes:g} minutes: give more")
        return charged

    def _base(self) -> TrainConfig:
        return TrainConfig(
            size=self.student_size,
            targets=self.targets,
            batch=self.batch,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            preview_clips=0,
            tensorboard=False,
            keep_checkpoints=1,
        )


def _budgeted(config: TrainConfig, minutes: float | None, steps: int | None, usual: float) -> TrainConfig:
    usually = usual if steps is None else None
    return replace(config, steps=steps, minutes=usually if minutes is None else minutes)
