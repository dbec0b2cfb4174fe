"""Arms: named, small overlays on a config. What a `compare` compares; an overlay states only its difference.

`likelihood` is the base. `report` adds the adversary to it, as the report's code did; `report-formula`
matches by the norm, as the report's L_G is written. An adversarial arm's name with `-0` behind it is its
twin: the same code, with lambda_adv at 0.
"""

from dataclasses import replace

from partita.errors import PartitaError
from partita.training.config import AdversaryConfig, TrainConfig

ADVERSARIAL = ("report", "report-formula")
ARMS = ("likelihood", *ADVERSARIAL, *(f"{name}-0" for name in ADVERSARIAL))


def with_arm(config: TrainConfig, arm: str) -> TrainConfig:
    """Return the config with an arm laid over it; what a config says of the adversary's shape and rates
    stays.

    Args:
        config: any config.
        arm: one of `ARMS`.

    Raises:
        PartitaError: no arm has that name.

    >>> with_arm(TrainConfig(steps=1), "report-0").adversary.weight
    0.0
    """
    if arm not in ARMS:
        raise PartitaError(f"`arm` is {arm!r}: choose one of {', '.join(ARMS)}")
    if arm == "likelihood":
        return replace(config, arm=arm, match="likelihood", adversary=None)
    adversary = config.adversary or AdversaryConfig()
    if arm.endswith("-0"):
        adversary = replace(adversary, weight=0.0)
    match = "norm" if arm.startswith("report-formula") else "likelihood"
    return replace(config, arm=arm, match=match, adversary=adversary)
