"""The comparisons: families of pairs, and warnings about pairs and conditions that are not equal."""

from typing import Any

import numpy as np

from partita.experiments.arena.comparisons import families_of, incomparable, undecidable
from partita.experiments.arena.selection import Choice
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.equal_time import unequal_conditions


def chosen(*names: str) -> dict[str, Choice]:
    specs = [ArmSpec.parse(name) for name in names]
    return {spec.arm: Choice(spec, 1.0, 0.5) for spec in specs}


def test_each_question_has_its_own_family() -> None:
    arms = ["start", "likelihood", "likelihood-charged", "report", "report-0", "critic", "oracle", "steer"]
    assert families_of(chosen(*arms)) == {
        "learned": [(arm, "likelihood") for arm in ("report", "critic", "steer")],
        "oracle": [("oracle", "likelihood")],
        "charged": [("critic", "likelihood-charged")],
        "twin": [("report", "report-0")],
        "continued": [("likelihood", "start")],
    }
    assert families_of(chosen(*arms), exact_judge=True)["oracle"] == [
        (arm, "likelihood") for arm in ("oracle", "steer")
    ]


def test_a_missing_control_or_twin_is_not_replaced() -> None:
    # regression: the first arm became the control, and a twin with other settings was used
    arms = chosen("policy:clip=0.5,adversary.weight=0.1", "policy-0")
    assert families_of(arms) == {}
    assert incomparable(arms) == ["no arm is compared with likelihood, which is missing: add it to `--arms`"]
    (warning,) = incomparable(arms | chosen("likelihood"))
    assert "policy and policy-0 are not compared" in warning
    same = chosen("likelihood", "policy:clip=0.5,floor=0,adversary.weight=0.1", "policy-0:floor=0,clip=0.5")
    assert families_of(same)["twin"] == [("policy", "policy-0")]
    assert incomparable(same) == []


def test_only_families_with_too_many_comparisons_have_a_warning() -> None:
    pairs = {"learned": [("a", "b")] * 6, "twin": [("a", "b")] * 7}
    (warning,) = undecidable(pairs, 8)
    assert "the family 'twin' has 7 comparisons: with 8 students" in warning
    (warning,) = undecidable({"learned": [*pairs["learned"], ("steer", "b")]}, 8)
    assert "has 7 comparisons, in the scores that a steered arm has as well" in warning


def results(paces: list[float], shares: list[float | None] | None = None) -> list[dict[str, Any]]:
    found = []
    for seed, pace in enumerate(paces):
        training: dict[str, Any] = {"steps": round(60 * pace), "seconds": 60.0}
        if shares is not None and shares[seed] is not None:
            training["machine_share"] = shares[seed]
        found.append({"seed": seed, "training": training})
    return found


def test_equal_conditions_have_no_warning() -> None:
    noise = np.random.default_rng(0).normal(1.0, 0.02, (2, 8))
    load = np.array([1.0, 1.0, 0.4, 1.0, 0.7, 1.0, 1.0, 0.5])
    for under in (1.0, load):
        one, other = noise * under
        assert (
            unequal_conditions({"likelihood": results(list(8 * one)), "report": results(list(3 * other))})
            == []
        )


def test_a_machine_that_is_busy_for_one_arm_has_a_warning() -> None:
    """The arms made 79 and 77 updates; under equal conditions 96 and 66."""
    one, other = [1.6, 79 / 60, 1.6, 1.6], [1.1, 77 / 60, 1.1, 1.1]
    (warning,) = unequal_conditions({"likelihood": results(one), "report": results(other)})
    expected = (
        "under the seed 1 the machine was busy while likelihood trained: it made 82% of its usual updates"
    )
    assert warning.startswith(expected)


def test_shares_of_the_machine_are_compared_under_each_seed() -> None:
    arms = {
        "likelihood": results([8.0, 8.0], [0.98, 0.97]),
        "report": results([3.0, 3.0], [0.96, 0.61]),
        "start": [{"seed": seed, "training": {"steps": 0, "seconds": 0.0}} for seed in (0, 1)],
    }
    (warning,) = unequal_conditions(arms)
    expected = "under the seed 1 the machine was busy while report trained: it got 61% of the processor time"
    assert warning.startswith(expected)
    assert unequal_conditions({"report": arms["report"]}) == []
