"""Which judges of a training run fit each other, its route and its losses. This file trains nothing."""

from typing import TYPE_CHECKING

from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL
from partita.training.config.adversary import AdversaryConfig
from partita.training.config.rollout import FREE_RUNNING, RATIO, RolloutConfig
from partita.training.losses.gan import REWARDING

if TYPE_CHECKING:
    from partita.training.config.train import TrainConfig


def check_judges(config: "TrainConfig") -> None:
    """Refuse a critic, an adversary or a ratio objective that does not fit the rest of a config.

    Args:
        config: the config of a run.

    Raises:
        PartitaError: two of them contradict each other, the route, or the matching loss.
    """
    _check_head(config)
    _check_trunk(config)
    _check_critic(config)
    _check_ratio(config)
    if config.rollout.free_running:
        _check_free_running(config)


def _check_head(config: "TrainConfig") -> None:
    head, judge = config.network_shape.head, config.adversary or config.critic or config.ratio
    pathwise = config.rollout.route == "pathwise" and config.critic is None
    if (
        config.other_shape is None
        and head != CATEGORICAL
        and not pathwise
        and (judge is not None or config.match != "likelihood")
    ):
        raise PartitaError(
            f"the head `{head}` has no logits of classes, which the arm `{config.arm}` needs: take the head"
            " `categorical`, or the arm `likelihood` or `pathwise`"
        )
    if head != CATEGORICAL and config.adversary is not None and "trunk" in config.adversary.discriminators:
        raise PartitaError(
            "`trunk` takes the embedding of a class for each value of the waveform, which the head"
            f" `{head}` need not have: take another discriminator"
        )


def _check_trunk(config: "TrainConfig") -> None:
    if config.adversary is not None and "trunk" in config.adversary.discriminators:
        config.adversary.trunk.check_fits(config.network_shape)


def _check_critic(config: "TrainConfig") -> None:
    if config.critic is None:
        return
    phased = config.critic.until < 1.0
    if phased and (config.adversary is None or config.rollout.route not in FREE_RUNNING):
        raise PartitaError(
            f"`critic.until` is {config.critic.until:g}, but there is no adversary that judges clips after"
            " that: take the arm `phased`, or leave it out"
        )
    if not phased and (config.adversary is not None or config.rollout.route != "policy"):
        raise PartitaError(
            "a critic needs the route `policy` and no adversary: leave the adversary out and set"
            " `rollout.route` to `policy`, or take the arm `critic`; or set `critic.until`"
        )


def _check_ratio(config: "TrainConfig") -> None:
    others = config.adversary is not None or config.critic is not None
    if (config.ratio is None) == (config.rollout.route == RATIO) or (config.ratio is not None and others):
        raise PartitaError(
            "the ratio objective and `rollout.route` `ratio` need each other, and no other judge: take"
            " the arm `ddo`"
        )


def _check_free_running(config: "TrainConfig") -> None:
    route, adversary = config.rollout.route, config.adversary
    if adversary is None and config.critic is None and config.ratio is None:
        raise PartitaError(
            f"`rollout.route` is {route!r} but nothing judges the clips: give an adversary, or take an"
            f" arm, for example `{route}`"
        )
    if config.match != "likelihood":
        raise PartitaError(
            f"`match` is {config.match!r}, which compares sample by sample with the recording, but the"
            f" clips of `rollout.route` {route!r} differ from it: match by `likelihood`"
        )
    if adversary is not None:
        _check_free_running_adversary(config.rollout, adversary)


def _check_free_running_adversary(rollout: RolloutConfig, adversary: AdversaryConfig) -> None:
    least = max(adversary.min_samples.values())
    if rollout.prompt_tail < least:
        raise PartitaError(
            f"`rollout.prompt_tail` is {rollout.prompt_tail}, but a discriminator needs at least {least}"
            " samples, and a clip may be short where a recording ends: raise it"
        )
    if adversary.weight_by != "plain":
        raise PartitaError(
            f"`weight_by` is {adversary.weight_by!r}, but on the route {rollout.route!r}"
            " `rollout.relative` makes the weight a share of the gradient: leave it at `plain`"
        )
    for name in ("feature_weight", "saturating", "loss") if rollout.route == "policy" else ():
        if getattr(adversary, name) and getattr(adversary, name) not in REWARDING:
            raise PartitaError(
                f"`adversary.{name}` is {getattr(adversary, name)}, but the route `policy` takes rewards"
                " from the logits and no loss through the discriminator: leave it out"
            )
