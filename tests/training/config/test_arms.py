"""Arms are overlays on a config; a twin is its arm with the judge's weight at 0."""

from dataclasses import replace

import pytest

from partita.errors import PartitaError
from partita.models.discriminators.patchgan import PatchGANConfig
from partita.training.config.arms import ARMS, arm_named, with_arm
from partita.training.config.train import FREE_RUNNING, AdversaryConfig, CriticConfig, TrainConfig

BASE = TrainConfig(steps=9)
JUDGED = [name for name, arm in ARMS.items() if arm.twin is not None]


def test_the_names_of_the_arms() -> None:
    discriminators, critics = (
        ["report", "report-formula", "gumbel", "pathwise", "policy"],
        ["critic", "corrected"],
    )
    judged = [*discriminators, *critics, "phased", "ddo"]
    assert judged == JUDGED
    assert list(ARMS) == ["likelihood", *judged, *(f"{name}-0" for name in judged)]
    assert all(arm.name == name for name, arm in ARMS.items())


@pytest.mark.parametrize("name", JUDGED)
def test_a_twin_is_its_arm_with_weight_0(name: str) -> None:
    record = arm_named(name)
    assert record.twin is not None
    assert record.twin == ARMS[f"{name}-0"]
    assert record.twin.is_twin
    assert not record.is_twin
    arm, twin = record.overlay(BASE), record.twin.overlay(BASE)
    judges = [(config.critic, config.adversary, config.ratio) for config in (arm, twin)]
    assert any(judges[0])
    assert judges[1] == tuple(one and replace(one, weight=0.0) for one in judges[0])
    assert twin.rollout == arm.rollout
    assert twin == replace(arm, arm=twin.arm, adversary=twin.adversary, critic=twin.critic, ratio=twin.ratio)
    assert with_arm(arm, "likelihood") == with_arm(BASE, "likelihood")


@pytest.mark.parametrize("name", ARMS)
def test_an_overlay_changes_nothing_the_second_time(name: str) -> None:
    once = with_arm(BASE, name)
    assert with_arm(once, name) == once


@pytest.mark.parametrize("name", FREE_RUNNING)
def test_a_discriminator_of_drawn_clips_warms_up_and_then_counts_at_any_accuracy(name: str) -> None:
    # regression: the generator ignored a discriminator below 55% accuracy, where a good generator keeps it
    adversary = with_arm(BASE, name).adversary
    assert adversary is not None
    assert (adversary.warmup, adversary.min_accuracy) == (100, 0.0)


def test_an_overlay_keeps_the_judge_of_the_config() -> None:
    base = replace(BASE, adversary=AdversaryConfig(weight=0.3, patchgan=PatchGANConfig(layers=5)))
    assert with_arm(base, "report") == replace(base, arm="report")
    assert with_arm(base, "report-0").adversary == replace(base.adversary or AdversaryConfig(), weight=0.0)
    assert with_arm(base, "report-formula") == replace(base, arm="report-formula", match="norm")
    assert with_arm(with_arm(base, "report-formula"), "likelihood") == replace(base, adversary=None)


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 5e-5), (1e-3, 1e-3)])
def test_the_critic_of_the_arm_corrected_learns(rate: float, expected: float) -> None:
    base = with_arm(BASE, "critic")
    base = replace(base, critic=CriticConfig(run="runs/large", learning_rate=rate))
    critic = with_arm(base, "corrected").critic
    assert critic == CriticConfig(run="runs/large", learning_rate=expected)


@pytest.mark.parametrize(("until", "expected"), [(1.0, 0.5), (0.25, 0.25)])
def test_the_critic_of_the_arm_phased_gives_way_to_an_adversary(until: float, expected: float) -> None:
    described = CriticConfig(run="runs/large", until=until)
    base = replace(with_arm(BASE, "critic" if until == 1.0 else "phased"), critic=described)
    phased = with_arm(base, "phased")
    assert phased.critic == replace(described, until=expected)
    assert phased.adversary is not None
    alone = with_arm(phased, "critic")
    assert (alone.critic, alone.adversary) == (replace(described, until=1.0), None)


def test_a_phase_of_a_critic_needs_an_adversary_after_it() -> None:
    with pytest.raises(PartitaError, match=r"`critic.until` is 0.3, but there is no adversary"):
        replace(with_arm(BASE, "critic"), critic=CriticConfig(until=0.3))
    with pytest.raises(PartitaError, match="no adversary: leave the adversary out"):
        replace(with_arm(BASE, "phased"), critic=CriticConfig())


def test_an_unknown_arm_is_refused() -> None:
    with pytest.raises(PartitaError, match="`arm` is 'best': choose one of likelihood, report"):
        with_arm(BASE, "best")
