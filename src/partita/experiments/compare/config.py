"""The configuration of a comparison of arms, and the training configs that follow from it.

This file trains nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, get_args

import tyro

from partita.checks import check_choice, check_count, check_positive, check_range
from partita.errors import PartitaError
from partita.evaluation.clips import MIN_CLIPS
from partita.experiments.arm_spec import AGAIN, START, ArmSpec, needs_critic
from partita.experiments.budget import budgeted, check_one_budget, check_workers, rate_after
from partita.experiments.compare.score_names import PRIMARY_SCORES
from partita.experiments.runner import Engine
from partita.models.choice import GAN_NAME
from partita.runs.config import to_table
from partita.seeds import stream_seed
from partita.training.config.arms import ARMS
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import disturbed_like, like_model

CONTROL = "likelihood"
KNOWN_ARMS = (*ARMS, START, AGAIN)
LARGER = {"tiny": "small", "small": "wide", "wide": "published"}
BASE_MINUTES, CRITIC_MINUTES, ARM_MINUTES = 20.0, 20.0, 5.0
MAX_SEEDS = 1000
OF_A_BASE_TRAINED_HERE = ("size", "condition", "base_minutes", "base_steps")


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """What is compared, from which base, and with how much time, sound and how many seeds.

    Raises:
        PartitaError: a value is out of its range, or an arm is unknown.

    >>> config = CompareConfig(out=Path("comparison"), arms=("report", "again"), seeds=2)
    >>> [spec.name for spec in config.arm_specs], config.primary_spec.name
    (['likelihood', 'report', 'again'], 'report')
    """

    out: Path
    """Output folder. A comparison that was started there before is continued."""
    arms: tuple[str, ...] = (CONTROL, "report", START, AGAIN)
    """The arms, optionally with settings after a colon: `report:adversary.weight=0.3`. `likelihood`, with
    which they are compared, is always included. `start` is the base without further training, `again`
    likelihood with other seeds."""
    seeds: int = 8
    """Number of seeds. All arms of a seed see the same windows and the same prompts and draw with the same
    random numbers. Fewer than 6 can't decide anything. It can't be changed later: seeds that are added until
    a result pleases would prove nothing."""
    minutes: float | None = None
    """Wall-clock time of each arm, 5 by default. It includes the time of a discriminator."""
    steps: int | None = None
    """Generator updates of each arm, in place of `minutes`."""
    start_from: Annotated[str | None, tyro.conf.arg(name="from")] = None
    """The base, from which all arms start: a run, or the name of a model that ships. Without it a base is
    trained by likelihood."""
    size: str | None = None
    """Network size of a base that is trained here, `small` by default."""
    condition: tuple[str, ...] | None = None
    """What a base that is trained here is given; see `partita train`. By default all that the corpus has."""
    base_minutes: float | None = None
    """Wall-clock time of the base's training, 20 by default."""
    base_steps: int | None = None
    """Updates of the base, in place of `base_minutes`."""
    critic_size: str | None = None
    """Network size of the critic, for the arms that need one; by default the next larger one."""
    critic_minutes: float | None = None
    """Wall-clock time of the critic's training, 20 by default."""
    critic_steps: int | None = None
    """Updates of the critic, in place of `critic_minutes`."""
    primary_arm: str | None = None
    """The arm of the primary comparison with `likelihood`, by default the first other one with a judge. All
    other comparisons are exploratory."""
    primary_score: str = PRIMARY_SCORES[0]
    """The score of the primary comparison. It also chooses each arm's temperature on the validation split."""
    margin: float = 0.0
    """The largest difference in the primary score that does not matter."""
    temperatures: tuple[float, ...] = (1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
    """Temperatures among which each arm's is chosen. The whole curve is reported."""
    clips: int = 32
    """Clips of each arm and seed; fewer if the held-out sound is too short."""
    seconds: float = 3.0
    """Length of each clip, in seconds."""
    prompt_seconds: float = 1.0
    """Length of each prompt, in seconds."""
    bits_seconds: float = 60.0
    """Compute the bits on at most this many seconds of held-out sound."""
    long_clips: int = 8
    """Clips of each arm and seed that go on for long, to see how many break down; 0 draws none."""
    long_seconds: float = 30.0
    """Length of the long clips, in seconds."""
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
    """CPU threads of each worker, by default one for each core."""
    workers: int = 1
    """Processes that each train and score the arms of one seed at a time."""
    engine: Engine = "processes"
    """What runs the workers: `processes` on this machine, or `ray`, a cluster that shares the folder."""

    def __post_init__(self) -> None:
        """Check all values before anything is written."""
        check_count("seeds", self.seeds, 1, MAX_SEEDS)
        for name, least in (("workers", 1), ("clips", MIN_CLIPS), ("long_clips", 0)):
            check_count(name, getattr(self, name), least)
        for name in ("seconds", "prompt_seconds", "long_seconds", "bits_seconds"):
            check_positive(name, getattr(self, name), 1e6)
        if not self.temperatures:
            raise PartitaError("`temperatures` is empty: give at least one temperature")
        for temperature in self.temperatures:
            check_range("temperatures", temperature, 0.01, 100.0)
        check_choice("engine", self.engine, get_args(Engine))
        check_choice("primary_score", self.primary_score, PRIMARY_SCORES)
        check_range("margin", self.margin, 0.0, 1e9)
        check_one_budget(self, ("", "base_", "critic_"))
        self._check_base()
        self._check_critics()
        counts = {"seeds": self.seeds}
        check_workers(self.workers, threads=self.threads, steps=self.steps, counts=counts)
        _ = self.primary_spec
        if self.start_from is None:
            self.check_arms(self.base_training())

    def _check_base(self) -> None:
        given = [name for name in OF_A_BASE_TRAINED_HERE if getattr(self, name) is not None]
        if self.start_from is not None and given:
            raise PartitaError(
                f"`{given[0]}` is given, but the base {self.start_from} is trained already: leave out"
                f" `{given[0]}` or `from`"
            )

    def _check_critics(self) -> None:
        """Check that other machines can find the critics that arms name."""
        for spec in self.arm_specs:
            critic = named_critic(spec)
            if self.engine == "ray" and critic is not None and not critic.is_absolute():
                raise PartitaError(
                    f"{spec.name} names its critic by a relative path, which other machines can't find: give"
                    " an absolute one"
                )

    def check_arms(self, base: TrainConfig) -> None:
        """Check the settings of all arms and of the critic before anything is trained.

        Args:
            base: the settings of the base's network.

        Raises:
            PartitaError: an arm has an unknown setting, or one that all arms must share.
        """
        self.critic_training(base)
        for spec in self.arm_specs:
            self.arm_training(spec, base, seed=0, steps_before=1)

    @property
    def arm_specs(self) -> tuple[ArmSpec, ...]:
        """The arms without duplicates, `likelihood` first."""
        names = (CONTROL, *self.arms)
        return tuple(dict.fromkeys(ArmSpec.parse(name, known=KNOWN_ARMS) for name in names))

    @property
    def primary_spec(self) -> ArmSpec:
        """The arm of the primary comparison.

        Raises:
            PartitaError: it is not among the arms, or there is only one arm.
        """
        others = [spec for spec in self.arm_specs if spec.name != CONTROL]
        if not others:
            raise PartitaError(f"there is nothing to compare {CONTROL} with: give another arm in `--arms`")
        if self.primary_arm is None:
            judged = [spec for spec in others if spec.arm in ARMS and ARMS[spec.arm].twin is not None]
            return (judged or others)[0]
        found = [spec for spec in others if spec.name == self.primary_arm]
        if not found:
            raise PartitaError(
                f"`primary_arm` is {self.primary_arm!r}: give one of"
                f" {', '.join(spec.name for spec in others)}, or add it to `--arms`"
            )
        return found[0]

    @property
    def curve(self) -> tuple[float, ...]:
        """The temperatures, in descending order."""
        return tuple(sorted(set(self.temperatures), reverse=True))

    @property
    def seed_numbers(self) -> Sequence[int]:
        """The numbers of the seeds."""
        return range(self.seeds)

    def stream(self, purpose: str) -> int:
        """Return the seed for a purpose."""
        return stream_seed(self.seed, f"compare/{purpose}")

    def base_training(self) -> TrainConfig:
        """Return the training config of a base that is trained here: its learning rate does not decay."""
        shared = self._shared(TrainConfig(size=self.size or "small"))
        config = replace(shared, seed=self.stream("base"), lr_floor=1.0)
        if self.condition is not None:
            config = replace(config, condition=self.condition)
        return budgeted(config, self.base_minutes, self.base_steps, BASE_MINUTES)

    def critic_training(self, base: TrainConfig) -> TrainConfig:
        """Return the training config of the critic, which is given what the base is given.

        Args:
            base: the settings of the base's network.
        """
        config = replace(base, seed=self.stream("critic"))
        size = self.critic_size or LARGER.get(config.size, config.size)
        if self.critic_size is not None or config.network is None:
            config = replace(config, size=size, network=None)
        return budgeted(config, self.critic_minutes, self.critic_steps, CRITIC_MINUTES)

    def arm_training(
        self, spec: ArmSpec, base: TrainConfig, *, seed: int, steps_before: int, critic: Path | None = None
    ) -> TrainConfig:
        """Return the training config of an arm.

        The learning rate rises to the value that a run has after as many updates as the base, and then decays
        to its end. Noise, other levels and augmentation are those of the base.
        The frame tier is not trained: all arms keep that of the base.

        Args:
            spec: the arm and its settings.
            base: the settings of the base's network, as `like_base` returns them.
            seed: the number of the seed.
            steps_before: updates of the base.
            critic: the run of the critic, if the arm needs one.
        """
        rate = rate_after(base, steps_before)
        purpose = AGAIN if spec.arm == AGAIN else "arms"
        config = replace(
            base,
            learning_rate=rate,
            lr_decay_steps=0,
            lr_floor=TrainConfig().lr_floor,
            validations=5,
            seed=self.stream(f"{purpose} {seed}"),
            frames=replace(base.frames, every=0),
        )
        return spec.train_config(budgeted(config, self.minutes, self.steps, ARM_MINUTES), critic=critic)

    def like_base(self, base: str | Path) -> TrainConfig:
        """Return the settings that all arms share, with the network of the base.

        Args:
            base: the base's run.
        """
        like = like_model(TrainConfig(), base)
        if like.model == GAN_NAME:
            raise PartitaError(
                f"the base {base} is a GAN, which has no arms: score it beside other models with `partita"
                " evaluate`"
            )
        return self._shared(disturbed_like(like, base))

    def needs_critic(self, spec: ArmSpec) -> bool:
        """Return whether a critic must be trained before an arm."""
        return needs_critic(to_table(self.arm_training(spec, TrainConfig(), seed=0, steps_before=1)))

    def _shared(self, config: TrainConfig) -> TrainConfig:
        return replace(
            config,
            targets=self.targets,
            batch=self.batch,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            patience=0,
            preview_clips=0,
            tensorboard=False,
            keep_checkpoints=1,
        )


def named_critic(spec: ArmSpec) -> Path | None:
    """Return the run of a critic that an arm names, or None.

    >>> named_critic(ArmSpec.parse("critic:critic.run=runs/large")), named_critic(ArmSpec("critic"))
    (PosixPath('runs/large'), None)
    """
    named = dict(spec.settings).get("critic.run")
    return None if named is None else Path(named)
