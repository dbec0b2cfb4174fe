"""The configuration of a comparison: its arms, its primary arm, and the refusal of wrong values."""

from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare.config import CompareConfig
from partita.training.config.arms import ARMS
from partita.training.config.train import TrainConfig


def plan(**changes: Any) -> CompareConfig:
    return CompareConfig(**({"out": Path("comparison")} | changes))


def names(config: CompareConfig) -> list[str]:
    return [spec.name for spec in config.arm_specs]


def test_likelihood_is_always_the_first_arm_and_duplicates_are_one() -> None:
    assert names(plan()) == ["likelihood", "report", "start", "again"]
    strong = "report:adversary.weight=1,grad_clip=0.5"
    config = plan(arms=("report", strong, "likelihood", "report", "report:", "again", strong))
    assert names(config) == ["likelihood", "report", strong, "again"]


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != "likelihood"])
def test_every_arm_of_training_can_be_compared(arm: str) -> None:
    config = plan(arms=(arm,))
    training = config.arm_training(config.arm_specs[1], config.base_training(), seed=0, steps_before=1)
    assert training.arm == arm


def test_the_settings_of_an_arm_are_its_only_difference() -> None:
    config = plan(arms=("report:adversary.weight=0.25,grad_clip=0.5",), minutes=2.0)
    plain, changed = (
        config.arm_training(spec, TrainConfig(size="tiny"), seed=3, steps_before=9)
        for spec in (ArmSpec("report"), config.arm_specs[1])
    )
    assert (changed.adversary.weight, changed.grad_clip) == (0.25, 0.5)  # type: ignore[union-attr]
    assert (plain.adversary.weight, plain.grad_clip) != (0.25, 0.5)  # type: ignore[union-attr]
    different = {name for name, value in vars(plain).items() if value != getattr(changed, name)}
    assert different == {"adversary", "grad_clip"}


def test_arms_of_a_seed_share_the_random_numbers_but_again_has_others() -> None:
    config = plan(arms=("report", "again"))
    seeds = {
        (spec.name, seed): config.arm_training(spec, TrainConfig(), seed=seed, steps_before=1).seed
        for spec in config.arm_specs
        for seed in (0, 1)
    }
    for seed in (0, 1):
        assert seeds["likelihood", seed] == seeds["report", seed]
    assert len({seeds[arm, seed] for arm in ("likelihood", "again") for seed in (0, 1)}) == 4


def test_the_frame_tier_of_the_base_is_trained_and_that_of_an_arm_is_not() -> None:
    config = plan()
    base = config.base_training()
    assert base.frames.every > 0
    assert config.arm_training(config.arm_specs[0], base, seed=0, steps_before=1).frames.every == 0


@pytest.mark.parametrize(
    ("arms", "primary", "expected"),
    [
        (("report", "gumbel"), None, "report"),
        (("gumbel", "report"), None, "gumbel"),
        (("again", "start", "critic"), None, "critic"),
        (("report-0", "report"), None, "report"),  # regression: a twin was taken for an arm with a judge
        (("likelihood:grad_clip=0.5", "report"), None, "report"),
        (("start", "again"), None, "start"),
        (("report", "gumbel", "report-0"), "gumbel", "gumbel"),
        (("report", "again"), "again", "again"),
        (("report", "report:adversary.weight=2"), "report:adversary.weight=2", "report:adversary.weight=2"),
    ],
)
def test_the_primary_arm_is_the_first_with_a_judge_or_the_one_that_is_named(
    arms: tuple[str, ...], primary: str | None, expected: str
) -> None:
    assert plan(arms=arms, primary_arm=primary).primary_spec.name == expected


def test_budgets_have_defaults_and_are_given_in_time_or_in_updates() -> None:
    config = plan(base_steps=7)
    assert (config.base_training().steps, config.base_training().minutes) == (7, None)
    arm = config.arm_training(config.arm_specs[0], config.base_training(), seed=0, steps_before=1)
    assert (arm.steps, arm.minutes) == (None, 5.0)
    timed = plan(steps=3, critic_minutes=2.0, critic_size="tiny")
    critic = timed.critic_training(timed.base_training())
    assert (critic.steps, critic.minutes, critic.size) == (None, 2.0, "tiny")
    assert timed.arm_training(timed.arm_specs[0], critic, seed=0, steps_before=1).steps == 3


@pytest.mark.parametrize(
    ("size", "given", "expected"),
    [
        ("tiny", None, "small"),
        ("wide", None, "published"),
        ("published", None, "published"),
        ("small", "tiny", "tiny"),
    ],
)
def test_a_critic_is_larger_than_the_base_unless_its_size_is_given(
    size: str, given: str | None, expected: str
) -> None:
    config = plan(size=size, critic_size=given)
    assert config.critic_training(config.base_training()).size == expected


def test_a_critic_that_other_machines_can_not_find_is_refused() -> None:
    arms = ("critic:critic.run=runs/large",)
    assert plan(arms=arms).primary_spec.arm == "critic"
    assert plan(arms=("critic:critic.run=/shared/large",), engine="ray").primary_spec.arm == "critic"
    with pytest.raises(PartitaError, match=r"names its critic by a relative path.*: give an absolute one"):
        plan(arms=arms, engine="ray")


def test_only_arms_that_name_no_critic_need_one() -> None:
    config = plan(arms=("report", "critic", "critic:critic.run=runs/large", "corrected", "ddo"))
    needing = {spec.name for spec in config.arm_specs if config.needs_critic(spec)}
    assert needing == {"critic", "corrected"}


def test_temperatures_are_sorted_without_duplicates() -> None:
    assert plan(temperatures=(0.9, 1.0, 0.9)).curve == (1.0, 0.9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": ("reprot",)}, "'reprot' is not an arm: choose one of likelihood, report"),
        ({"arms": ("steer",)}, "'steer' is not an arm: choose one of"),
        ({"arms": ("report:adversary.weight",)}, "'adversary.weight' .* is not a setting: write name=value"),
        ({"arms": ("report:colour=1",)}, "`colour` in the arm report:colour=1 is not a setting: use one of"),
        ({"arms": ("report:steps=3",)}, "`steps` in the arm report:steps=3 must be the same .*: leave it"),
        ({"arms": ("again:seed=3",)}, "`seed` in the arm again:seed=3 must be the same .*: leave it out"),
        ({"arms": ("start:grad_clip=1",)}, "`grad_clip` in the arm start.* has no effect.*: leave it out"),
        ({"arms": ()}, "nothing to compare likelihood with: give another arm in `--arms`"),
        ({"arms": ("likelihood",)}, "nothing to compare likelihood with: give another arm"),
        ({"primary_arm": "gumbel"}, "`primary_arm` is 'gumbel': give one of report, start, again, or add it"),
        ({"primary_arm": "likelihood"}, "`primary_arm` is 'likelihood': give one of report"),
        ({"primary_score": "told_apart"}, "`primary_score` is 'told_apart': choose one of mmd_log_mel"),
        ({"margin": -1.0}, "`margin` is -1.0: give a finite number from 0"),
        ({"seeds": 0}, "`seeds` is 0: give at least 1"),
        ({"seeds": 1001}, "`seeds` is 1001: give at most 1000"),
        ({"minutes": 1.0, "steps": 3}, "both `minutes` and `steps` are given: give one of them"),
        ({"base_minutes": 1.0, "base_steps": 3}, "both `base_minutes` and `base_steps` are given"),
        ({"critic_minutes": 1.0, "critic_steps": 3}, "both `critic_minutes` and `critic_steps` are given"),
        ({"minutes": -2.0}, "`minutes` is -2.0: give a number above 0"),
        ({"steps": 0}, "`steps` is 0: give at least 1"),
        ({"base_minutes": float("nan")}, "`base_minutes` is nan: give a number above 0"),
        ({"base_steps": 0}, "`base_steps` is 0: give at least 1"),
        ({"critic_steps": 0}, "`critic_steps` is 0: give at least 1"),
        ({"critic_size": "huge"}, "`size` is 'huge': choose one of tiny"),
        ({"size": "huge"}, "`size` is 'huge': choose one of tiny"),
        ({"temperatures": ()}, "`temperatures` is empty: give at least one temperature"),
        ({"temperatures": (1.0, 0.0)}, "`temperatures` is 0.0: give a finite number from 0.01 to 100"),
        ({"clips": 3}, "`clips` is 3: give at least 4"),
        ({"long_clips": -1}, "`long_clips` is -1: give at least 0"),
        ({"seconds": 0.0}, "`seconds` is 0.0: give a number above 0"),
        ({"long_seconds": float("inf")}, "`long_seconds` is inf: give a number above 0"),
        ({"engine": "slurm"}, "`engine` is 'slurm': choose one of processes, ray"),
        ({"threads": 0}, "`threads` is 0: give 1 to 1024, or leave it out"),
        ({"device": "tpu"}, "`device` is 'tpu': choose one of auto, cpu, cuda"),
        ({"condition": ("mood",)}, "`condition` is 'mood': give `auto` or `none`"),
    ],
    ids=str,
)
def test_an_error_names_the_value_and_the_remedy(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PartitaError, match=message):
        plan(**changes)


@pytest.mark.parametrize(
    ("name", "value"), [("size", "tiny"), ("condition", ()), ("base_minutes", 2.0), ("base_steps", 5)]
)
def test_options_of_a_base_that_is_trained_here_exclude_a_given_base(name: str, value: Any) -> None:
    message = f"`{name}` is given, but the base runs/base is trained already: leave out `{name}` or `from`"
    with pytest.raises(PartitaError, match=message):
        plan(start_from="runs/base", **{name: value})
    assert plan(start_from="runs/base").start_from == "runs/base"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 0}, "`workers` is 0: give at least 1"),
        ({"workers": 2}, "`workers` is 2 but `threads` is not set: give .* `--threads`"),
        ({"workers": 3, "threads": 1}, "`seeds` is 8, not a multiple of `workers` 3.*: give a multiple, or"),
        ({"workers": 3, "threads": 1, "steps": 5}, None),
        ({"workers": 4, "threads": 1}, None),
        ({"workers": 1, "seeds": 7}, None),
    ],
    ids=str,
)
def test_workers_need_equal_shares_of_the_machine(changes: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert plan(**changes).workers == changes["workers"]
        return
    with pytest.raises(PartitaError, match=message):
        plan(**changes)
