"""The arena's configuration, and the training configs that follow from it.

It covers the teacher, the critic, the students and the arms, with the seeds of each. This file trains
nothing.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from partita.checks import check_choice, check_count, check_range
from partita.errors import PartitaError
from partita.experiments.arm_spec import CHARGED, CRITIC, ORACLE, STEER, ArmSpec, needs_critic
from partita.experiments.budget import budgeted, check_one_budget, check_workers, rate_after
from partita.experiments.runner import Engine
from partita.runs.config import to_table
from partita.seeds import stream_seed
from partita.training.config.train import TrainConfig

FIRST_VALIDATION_SEED = 1000  # validation seeds count from here, test seeds from 0
MAX_SEEDS = 1000
TEACHER_MINUTES, CRITIC_MINUTES, START_MINUTES, ARM_MINUTES = 20.0, 10.0, 15.0, 2.5


@dataclass(frozen=True, kw_only=True)
class ArenaConfig:
    """What the arena compares, and with how much time, data and seeds.

    Raises:
        PartitaError: a value is out of its range, or an arm is unknown.

    >>> ArenaConfig(out=Path("arena"), seeds=2, validation_seeds=1).all_seeds
    (1000, 0, 1)
    """

    out: Path
    """Output folder. An arena that was started there before is continued."""
    arms: tuple[str, ...] = ("likelihood", "report", "policy", "critic", "oracle", "steer")
    """The arms, optionally with settings after a colon: `report:adversary.weight=0.3`. If an arm is given
    with several settings, those that are best on the validation seeds are used for the test seeds."""
    seeds: int = 8
    """Number of test students. The scores come from them. Each has its own initial weights."""
    first_seed: int = 0
    """Number of the first test student, up to 999. Settings that were chosen by earlier results need students
    that those results did not come from."""
    validation_seeds: int = 2
    """Number of validation students. Temperatures and settings are chosen on them, nothing else."""
    minutes: float | None = None
    """Wall-clock time of each arm, 2.5 by default. It includes the time of a discriminator."""
    steps: int | None = None
    """Generator updates of each arm, in place of `minutes`. With one thread all results are bitwise
    repeatable."""
    teacher: Path | None = None
    """A trained run that serves as the teacher. Without it a teacher is trained on the corpus."""
    corpus: Path | None = None
    """The corpus that the teacher learns from, or takes its prompts from if `teacher` is given (by default
    its own training corpus). Without either, a corpus of synthetic violin studies is made."""
    teacher_size: str = "small"
    """Network size of the teacher, if it is trained here."""
    teacher_minutes: float | None = None
    """Wall-clock time of the teacher's training, 20 by default."""
    teacher_steps: int | None = None
    """Updates of the teacher, in place of `teacher_minutes`."""
    student_size: str = "tiny"
    """Network size of the students."""
    start_minutes: float | None = None
    """Maximum time of a student's likelihood training before the arms, 15 by default. It ends earlier if the
    validation loss no longer improves."""
    start_steps: int | None = None
    """Maximum number of updates before the arms, in place of `start_minutes`."""
    critic_size: str = "small"
    """Network size of the critic, for the arms that need one. It learns from the students' training clips."""
    critic_minutes: float | None = None
    """Wall-clock time of the critic's training, 10 by default."""
    critic_steps: int | None = None
    """Updates of the critic, in place of `critic_minutes`."""
    students: Path | None = None
    """Another arena, whose training clips, critic and students are copied, for example to compare for equal
    time and for equal steps from the same students. Its training settings must be the same; arms and
    evaluation may differ."""
    train_samples: int = 4_000_000
    """Samples that the teacher draws for the students to learn from."""
    train_clips: int = 128
    """Number of clips that contain these samples. A tenth as many more are for the students' validation."""
    clips: int = 256
    """Clips of the teacher and of each student for the evaluation."""
    samples: int = 1_000_000
    """Samples in all these clips together, of the teacher and of each student."""
    temperatures: tuple[float, ...] = (1.05, 1.0, 0.95, 0.9, 0.85)
    """Temperatures at which arms are evaluated. 1 is always included."""
    judge: str = "policy-0"
    """The judge that steers the arm `steer`: the discriminator of a twin (that of `policy-0` learns from
    drawn clips, that of `report-0` from samples that each follow real ones), or the log-ratio of a `critic`
    or of the `oracle`, the teacher, which steer a model of continued likelihood training. A twin is trained
    for as long as an arm."""
    targets: int = 8192
    """Predicted samples in each training window."""
    batch: int = 2
    """Windows in each update."""
    seed: int = 0
    """The seed from which all other seeds are derived."""
    device: str = "auto"
    """Device for training: `cpu`, `cuda`, or `auto` for a GPU if there is one."""
    precision: str = "auto"
    """Precision of training: `float32`, `bfloat16`, or `auto`."""
    threads: int | None = None
    """CPU threads of each worker, by default one for each core. With 1, `float32` and `steps` all results are
    repeatable."""
    workers: int = 1
    """Processes that each train and evaluate one student at a time. On two cores, two workers with one thread
    each finish earlier than one worker with two threads, and all arms get the same share of the machine."""
    engine: Engine = "processes"
    """What runs the workers: `processes` on this machine, or `ray`, a cluster that shares the folder."""

    def __post_init__(self) -> None:
        """Check all values before anything is written."""
        for name in ("seeds", "validation_seeds"):
            check_range(name, getattr(self, name), 1, MAX_SEEDS)
        check_range("first_seed", self.first_seed, 0, FIRST_VALIDATION_SEED - self.seeds)
        for name, least in (("train_clips", 2), ("clips", 2), ("samples", self.clips), ("workers", 1)):
            check_count(name, getattr(self, name), least)
        check_count("train_samples", self.train_samples, self.train_clips)
        for temperature in self.temperatures:
            check_range("temperatures", temperature, 0.01, 100.0)
        check_choice("engine", self.engine, get_args(Engine))
        check_one_budget(self, ("", "teacher_", "critic_", "start_"))
        counts = {name: getattr(self, name) for name in ("seeds", "validation_seeds")}
        check_workers(self.workers, threads=self.threads, steps=self.steps, counts=counts)
        if not self.arms:
            raise PartitaError("`arms` is empty: give at least one arm with `--arms`")
        _ = self.teacher_training(), self.critic_training(), self.start_training(0), self.judge_spec
        for spec in self.arm_specs:
            self.arm_training(spec, seed=0, steps_before=1)
        self._check_charged_time()

    def _check_charged_time(self) -> None:
        """Check that the time of a critic that was trained elsewhere is given."""
        named = [spec.name for spec in self.arm_specs if spec.arm != STEER and self.names_critic(spec)]
        unknown = any(spec.arm == CHARGED and not spec.changes_setting("minutes") for spec in self.arm_specs)
        if named and unknown:
            raise PartitaError(
                f"{named[0]} names a critic that was trained elsewhere, so the time for {CHARGED} is unknown:"
                f" give it, for example `{CHARGED}:minutes=30`"
            )

    @property
    def arm_specs(self) -> tuple[ArmSpec, ...]:
        """The arms without duplicates; an old and a new name of a setting make no difference."""
        specs: dict[Any, ArmSpec] = {}
        for spec in map(ArmSpec.parse, self.arms):
            specs.setdefault((spec.arm, spec.settings), spec)
        return tuple(specs.values())

    @property
    def judge_spec(self) -> ArmSpec:
        """The arm whose judge steers."""
        return ArmSpec.parse(self.judge)

    @property
    def steered_spec(self) -> ArmSpec:
        """The arm whose model is steered: the twin that has the discriminator, or continued likelihood."""
        return ArmSpec("likelihood") if self.judge_spec.arm in (CRITIC, ORACLE) else self.judge_spec

    @property
    def curve(self) -> tuple[float, ...]:
        """The temperatures of the evaluation, in descending order."""
        return tuple(sorted({1.0, *self.temperatures}, reverse=True))

    @property
    def clip_samples(self) -> int:
        """Samples of each clip of the evaluation."""
        return math.ceil(self.samples / self.clips)

    @property
    def train_clip_samples(self) -> int:
        """Samples of each training clip."""
        return math.ceil(self.train_samples / self.train_clips)

    @property
    def choice_seeds(self) -> tuple[int, ...]:
        """Seeds of the validation students."""
        return tuple(range(FIRST_VALIDATION_SEED, FIRST_VALIDATION_SEED + self.validation_seeds))

    @property
    def test_seeds(self) -> tuple[int, ...]:
        """Seeds of the test students."""
        return tuple(range(self.first_seed, self.first_seed + self.seeds))

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """All seeds, in the order in which the students are trained."""
        return self.choice_seeds + self.test_seeds

    def stream(self, purpose: str) -> int:
        """Return the seed for a purpose."""
        return stream_seed(self.seed, f"arena/{purpose}")

    def teacher_training(self) -> TrainConfig:
        """Return the training config of the teacher."""
        config = replace(self._base(), size=self.teacher_size, seed=self.stream("teacher"))
        return budgeted(config, self.teacher_minutes, self.teacher_steps, TEACHER_MINUTES)

    def critic_training(self) -> TrainConfig:
        """Return the training config of the critic."""
        config = replace(self._base(), size=self.critic_size, seed=self.stream("critic"))
        return budgeted(config, self.critic_minutes, self.critic_steps, CRITIC_MINUTES)

    def needs_critic(self, spec: ArmSpec) -> bool:
        """Return whether a critic must be trained before an arm."""
        return needs_critic(to_table(self.arm_training(spec, seed=0, steps_before=1)))

    def names_critic(self, spec: ArmSpec) -> bool:
        """Return whether an arm, or for `steer` the judge, names the run of its critic."""
        critic = self.arm_training(self.judge_of(spec), seed=0, steps_before=1).critic
        return critic is not None and critic.run is not None

    def judge_of(self, spec: ArmSpec) -> ArmSpec:
        """Return the arm that defines the judge: for `steer` that of `judge`, else the arm itself."""
        return self.judge_spec if spec.arm == STEER else spec

    def start_training(self, seed: int) -> TrainConfig:
        """Return the training config of a student before the arms.

        The learning rate decays with the square root of the steps only, since the end is not known in
        advance. Training ends early after 8 validations in a row without a better loss; there are 50 in all.
        """
        base = replace(self._base(), lr_floor=1.0, validations=50, patience=8)
        config = replace(base, seed=self.stream(f"student {seed}"))
        return budgeted(config, self.start_minutes, self.start_steps, START_MINUTES)

    def arm_training(
        self, spec: ArmSpec, *, seed: int, steps_before: int, critic: Path | None = None
    ) -> TrainConfig:
        """Return the training config of an arm, or for `steer` of the model that is steered.

        The learning rate rises to the value that the student had reached and then decays to its end. All arms
        of a seed see the same windows in the same order.

        Args:
            spec: the arm and its settings.
            seed: the seed of the student.
            steps_before: updates that the student made before.
            critic: the run of the critic, if the arm needs one.
        """
        start = self._base()
        rate = rate_after(start, steps_before)
        config = replace(start, learning_rate=rate, lr_decay_steps=0, patience=0, validations=10)
        config = replace(config, seed=self.stream(f"arms {seed}"))
        config = budgeted(config, self.minutes, self.steps, ARM_MINUTES)
        if spec.arm == CHARGED:
            return spec.charged_config(config, critic=self.critic_training())
        if spec.arm != STEER:
            return spec.train_config(config, critic=critic)
        spec.steering_config()
        self.judge_spec.train_config(config)
        steered = self.steered_spec.train_config(config)
        if self.steered_spec == self.judge_spec and not (steered.adversary and steered.adversary.can_steer):
            raise PartitaError(
                f"`judge` is {self.judge!r}: give {CRITIC}, {ORACLE}, or an arm whose only discriminator is"
                " `patchgan`, with the loss `log` or `least-squares`, since its logits must be log-ratios"
            )
        return steered

    def _base(self) -> TrainConfig:
        return TrainConfig(
            size=self.student_size,
            targets=self.targets,
            batch=self.batch,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            condition=("none",),
            preview_clips=0,
            tensorboard=False,
            keep_checkpoints=1,
        )
