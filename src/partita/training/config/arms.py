"""The arms: named overlays on a config, which `partita compare` and `partita arena` compare.

`likelihood` is the base. `report` adds the adversary, as the report's code does. `report-formula` matches by
the norm, as the report's formula for L_G is written. In `gumbel`, `pathwise` and `policy` the adversary
judges clips that the model draws, each by its route. In `critic` a larger likelihood model judges them; in
`corrected` this critic goes on learning, and in `phased` an adversary takes its place after half of the run.
In `ddo` the model's own likelihood, over that of an earlier state, is the discriminator. The name of a twin
is the arm's name with `-0` at the end. `gan`, where an adversary alone teaches, is the only arm of the model
of that name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from partita.checks import check_choice
from partita.training.config.gan import GAN_ADVERSARY
from partita.training.config.model_kinds import GAN_ARM_NAME
from partita.training.config.train import AdversaryConfig, CriticConfig, RatioConfig, TrainConfig


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A named overlay on a config.

    Args:
        name: the arm's name on the command line and in files.
        route: how the judge's gradient reaches the generator, see `RolloutConfig.route`.
        match: what the output is matched by, see `TrainConfig.match`.
        adversary: the adversary for a config that has none; None for an arm without an adversary.
        critic: the critic for a config that has none; None for an arm without a critic.
        ratio: the ratio objective for a config that has none; None for an arm without it.
        twin: the arm that runs the same code with the judge's weight at 0; None for an arm without a judge
            and for a twin.
        is_twin: whether this arm is such a twin.
    """

    name: str
    route: str = "teacher_forced"
    match: str = "likelihood"
    adversary: AdversaryConfig | None = None
    critic: CriticConfig | None = None
    ratio: RatioConfig | None = None
    twin: "Arm | None" = None
    is_twin: bool = False

    def overlay(self, config: TrainConfig) -> TrainConfig:
        """Return the config with this arm laid over it.

        A judge that the config describes keeps its shape, rates and weight; only a twin sets the weight to 0.

        Args:
            config: any config.

        >>> ARMS["critic"].overlay(TrainConfig(steps=1)).rollout.route
        'policy'
        """
        return replace(
            config,
            arm=self.name,
            match=self.match,
            rollout=replace(config.rollout, route=self.route),
            adversary=self._adversary(config),
            critic=self._critic(config),
            ratio=self._ratio(config),
        )

    def _adversary(self, config: TrainConfig) -> AdversaryConfig | None:
        if self.adversary is None:
            return None
        adversary = config.adversary or self.adversary
        return replace(adversary, weight=0.0) if self.is_twin else adversary

    def _critic(self, config: TrainConfig) -> CriticConfig | None:
        if self.critic is None:
            return None
        critic = config.critic or self.critic
        critic = replace(critic, learning_rate=critic.learning_rate or self.critic.learning_rate)
        if critic.until == 1.0 or self.critic.until == 1.0:  # one that the config does not describe
            critic = replace(critic, until=self.critic.until)
        return replace(critic, weight=0.0) if self.is_twin else critic

    def _ratio(self, config: TrainConfig) -> RatioConfig | None:
        if self.ratio is None:
            return None
        ratio = config.ratio or self.ratio
        return replace(ratio, weight=0.0) if self.is_twin else ratio


def _all_arms() -> Iterator[Arm]:
    """Yield the arms: likelihood, those with a judge, then the twins of these."""
    judged = (
        Arm(name="report", adversary=AdversaryConfig()),
        Arm(name="report-formula", match="norm", adversary=AdversaryConfig()),
        Arm(name="gumbel", route="gumbel", adversary=AdversaryConfig(weight=0.25, warmup=100)),
        Arm(name="pathwise", route="pathwise", adversary=AdversaryConfig(weight=0.25, warmup=100)),
        Arm(name="policy", route="policy", adversary=AdversaryConfig(weight=0.5, warmup=100)),
        Arm(name="critic", route="policy", critic=CriticConfig()),
        Arm(name="corrected", route="policy", critic=CriticConfig(learning_rate=5e-5)),
        Arm(
            name="phased",
            route="pathwise",
            critic=CriticConfig(until=0.5),
            adversary=AdversaryConfig(weight=0.25, warmup=100),
        ),
        Arm(name="ddo", route="ratio", ratio=RatioConfig()),
    )
    twins = [replace(arm, name=f"{arm.name}-0", is_twin=True) for arm in judged]
    yield Arm(name="likelihood")
    yield from (replace(arm, twin=twin) for arm, twin in zip(judged, twins, strict=True))
    yield from twins


ARMS: Mapping[str, Arm] = MappingProxyType({arm.name: arm for arm in _all_arms()})
"""The arms of a WaveNet, which `partita compare` and `partita arena` compare."""
GAN_ARM = Arm(name=GAN_ARM_NAME, adversary=GAN_ADVERSARY)
"""The arm of a GAN. It has no twin: with weight 0 nothing would be learned."""


def arm_named(name: str) -> Arm:
    """Return the arm with a name.

    Raises:
        PartitaError: no arm has this name.

    >>> arm = arm_named("report")
    >>> arm.twin.name, arm.twin.is_twin, arm.twin.twin
    ('report-0', True, None)
    """
    if name == GAN_ARM.name:
        return GAN_ARM
    check_choice("arm", name, tuple(ARMS))
    return ARMS[name]


def with_arm(config: TrainConfig, name: str) -> TrainConfig:
    """Return the config with the arm of this name laid over it; see `Arm.overlay`.

    Raises:
        PartitaError: no arm has this name.

    >>> with_arm(TrainConfig(steps=1), "report-0").adversary.weight
    0.0
    """
    return arm_named(name).overlay(config)
