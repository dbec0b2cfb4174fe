"""Arms: named, small overlays on a config. What a `compare` compares; an overlay states only its difference.

`likelihood` is the base. `report` adds the adversary to it, as the report's code did; `report-formula`
matches by the norm, as the report's L_G is written. `gumbel`, `pathwise` and `policy` let the adversary judge
what is really generated, each by its route; `critic` lets a larger likelihood model judge it, which in
`corrected` goes on learning, as a discriminator. An adversarial arm's name with `-0` behind it is its twin:
the same code, with the judge's weight at 0.
"""

from dataclasses import replace

from partita.errors import PartitaError
from partita.training.config.train import FREE_RUNNING, AdversaryConfig, CriticConfig, TrainConfig

CRITICS = ("critic", "corrected")
CORRECTION = 5e-5  # the rate at which the latter's critic goes on learning, if the config names none
ADVERSARIAL = ("report", "report-formula", "gumbel", "pathwise", "policy", *CRITICS)
ARMS = ("likelihood", *ADVERSARIAL, *(f"{name}-0" for name in ADVERSARIAL))
WEIGHTS = {"gumbel": 0.25, "pathwise": 0.25, "policy": 0.5}  # shares of the likelihood's gradient
WARMUP = 100  # of a judge of clips as they are drawn, which else is heard before it knows anything


def with_arm(config: TrainConfig, arm: str) -> TrainConfig:
    """Return the config with an arm laid over it; what a config says of the judge's shape and rates stays.

    Args:
        config: any config.
        arm: one of `ARMS`.

    Raises:
        PartitaError: no arm has that name.

    >>> with_arm(TrainConfig(steps=1), "report-0").adversary.weight
    0.0
    >>> with_arm(TrainConfig(steps=1), "critic").rollout.route
    'policy'
    """
    if arm not in ARMS:
        raise PartitaError(f"`arm` is {arm!r}: choose one of {', '.join(ARMS)}")
    name = arm.removesuffix("-0")
    route = "policy" if name in CRITICS else name if name in FREE_RUNNING else "teacher_forced"
    adversary, critic = None, None
    if name in CRITICS:
        critic = config.critic or CriticConfig()
        if name == "corrected" and not critic.learning_rate:
            critic = replace(critic, learning_rate=CORRECTION)
        critic = replace(critic, weight=0.0) if arm != name else critic
    elif name != "likelihood":
        adversary = config.adversary or _adversary(name)
        adversary = replace(adversary, weight=0.0) if arm != name else adversary
    return replace(
        config,
        arm=arm,
        match="norm" if name == "report-formula" else "likelihood",
        rollout=replace(config.rollout, route=route),
        adversary=adversary,
        critic=critic,
    )


def _adversary(name: str) -> AdversaryConfig:
    if name not in WEIGHTS:
        return AdversaryConfig()
    return AdversaryConfig(weight=WEIGHTS[name], warmup=WARMUP)
