from typing import Any

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.comparisons import families_of, incomparable, undecidable
from partita.experiments.arena.scores import any_started, finite, scores
from partita.experiments.arena.selection import Choice, choices

LIKELIHOOD, REPORT, STRONG = (
    ArmSpec("likelihood"),
    ArmSpec("report"),
    ArmSpec.read("report:adversary.weight=1"),
)


def result(seed: int, sums: dict[float, float], *, flat: bool = True) -> dict[str, Any]:
    """What a seed would measure whose sum of both divergences is known at each temperature."""
    curve = [
        {
            "temperature": temperature,
            "kl_sum": {"value": value, "low": 0.0, "high": 9.0},
            "kl_forward": {"value": 0.6 * value, "low": 0.0, "high": 9.0},
        }
        for temperature, value in sums.items()
    ]
    training = {"steps": 10, "seconds": 2.0 + seed}
    agreement = {"value": 0.5, "low": 0.4, "high": 0.6} if 0.8 in sums.values() else None
    return {
        "seed": seed,
        "start": {"flat": flat},
        "training": training,
        "agreement": agreement,
        "curve": curve,
    }


TRIED = {
    LIKELIHOOD: [result(1000, {1.0: 0.5, 0.9: 0.4}), result(1001, {1.0: 0.5, 0.9: 0.5})],
    REPORT: [result(1000, {1.0: 0.5, 0.9: 0.6}), result(1001, {1.0: 0.5, 0.9: 0.6})],
    STRONG: [result(1000, {1.0: 0.1, 0.9: 0.6}), result(1001, {1.0: 0.8, 0.9: 0.6})],
}
TESTED = {
    LIKELIHOOD: [result(0, {1.0: 0.3, 0.9: 0.6}), result(1, {1.0: 0.3, 0.9: 0.8}, flat=False)],
    STRONG: [result(0, {1.0: 0.7, 0.9: 0.1}), result(1, {1.0: 0.8, 0.9: 0.1}, flat=False)],
}


def test_settings_and_temperature_are_the_best_on_the_validation_seeds() -> None:
    chosen = choices(TRIED)
    assert (chosen["likelihood"].entry, chosen["likelihood"].temperature) == (LIKELIHOOD, 0.9)
    assert (chosen["report"].entry, chosen["report"].temperature) == (STRONG, 1.0)
    assert chosen["report"].value == pytest.approx(0.45)


def test_of_equals_the_temperature_of_1_is_chosen() -> None:
    tied = {LIKELIHOOD: [result(1000, {1.05: 0.5, 1.0: 0.5, 0.9: 0.5})]}
    assert choices(tied)["likelihood"].temperature == 1.0


def test_scores_are_of_the_test_seeds_at_what_was_chosen() -> None:
    found = scores(choices(TRIED), TESTED, TRIED, seed=0)
    assert found["arms"]["likelihood"]["kl_sum"]["values"] == [0.6, 0.8]
    assert found["arms"]["report"]["kl_sum"]["values"] == [0.7, 0.8]  # not the 0.1 that it has at 0.9
    assert found["arms"]["likelihood"]["kl_sum"]["value"] == pytest.approx(0.7)
    assert found["arms"]["likelihood"]["kl_forward"]["values"] == pytest.approx([0.36, 0.48])
    assert found["better"] == {"kl_sum": "lower", "kl_forward": "lower"}
    assert found["seeds"] == [0, 1]
    assert found["choices"]["report"]["settings"] == "report:adversary.weight=1"
    assert [point["temperature"] for point in found["curves"]["report"]] == [1.0, 0.9]
    assert set(found["validation"]) == {"likelihood", "report", "report:adversary.weight=1"}
    assert found["training"]["likelihood"] == {"steps": 10.0, "seconds": 2.5}
    assert found["steps"]["likelihood"] == [10, 10]
    assert found["agreement"]["report"]["value"] == 0.5
    steep, *_, few = found["warnings"]
    assert "the curves of the students 1 were not flat" in steep
    assert "the family 'learned' has 1 comparisons: with 2 students none" in few


def test_arms_are_compared_with_likelihood_and_with_their_twins() -> None:
    twin = ArmSpec("report-0")
    tried, tested = {**TRIED, twin: TRIED[REPORT]}, {**TESTED, twin: TESTED[STRONG]}
    found = scores(choices(tried), tested, tried, seed=0)
    compared = [
        (pair["family"], pair["a"], pair["b"]) for pair in found["pairs"] if pair["score"] == "kl_sum"
    ]
    assert compared == [("learned", "report", "likelihood"), ("twin", "report", "report-0")]
    assert found["pairs"][0]["difference"] == pytest.approx(0.05)
    assert found["pairs"][0]["verdict"] == "undecided"


def test_arms_that_went_astray_are_left_out_and_named() -> None:
    astray = {"arm": "report", "seed": 1, "diverged": "the loss is not finite"}
    kept, told = finite({LIKELIHOOD: TESTED[LIKELIHOOD], REPORT: [TRIED[REPORT][0], astray]})
    assert list(kept) == [LIKELIHOOD]
    assert told == ["report is left out: it diverged under the seed 1 (the loss is not finite)"]
    with pytest.raises(PartitaError, match="no arm is left"):
        finite({REPORT: [astray]})


def test_each_question_is_a_family_of_its_own() -> None:
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


def test_nothing_takes_the_place_of_likelihood_or_of_a_twin() -> None:
    # regression: the first arm became the control, and a twin of other settings stood for the arm's own
    arms = chosen("policy:clip=0.5,adversary.weight=0.1", "policy-0")
    assert families_of(arms) == {}
    assert incomparable(arms) == [
        "no arm is compared with likelihood, which is not among them: name it in `--arms`"
    ]
    (said,) = incomparable(arms | chosen("likelihood"))
    assert "policy and policy-0 are not compared" in said
    alike = chosen("likelihood", "policy:clip=0.5,floor=0,adversary.weight=0.1", "policy-0:floor=0,clip=0.5")
    assert families_of(alike)["twin"] == [("policy", "policy-0")]
    assert incomparable(alike) == []


def chosen(*names: str) -> dict[str, Choice]:
    entries = [ArmSpec.read(name) for name in names]
    return {entry.arm: Choice(entry, 1.0, 0.5) for entry in entries}


def test_students_that_went_astray_before_the_arms_parted_are_left_out() -> None:
    lost = {"seed": 1, "start_diverged": "the loss is not finite"}
    both = {LIKELIHOOD: [TESTED[LIKELIHOOD][0], lost], REPORT: [TRIED[REPORT][0], lost]}
    kept, told = finite(both)
    assert {entry: len(found) for entry, found in kept.items()} == {LIKELIHOOD: 1, REPORT: 1}
    assert told == ["the student 1 is left out: it diverged before the arms parted (the loss is not finite)"]
    assert any_started(both) and not any_started({REPORT: [lost]})


def test_scores_say_what_they_are_not() -> None:
    found = scores(choices(TRIED), TESTED, TRIED, seed=0, missing=6)
    assert found["seeds_missing"] == 6
    assert found["warnings"][-1].startswith("6 students of the test are still to come")
    edges = [said for said in found["warnings"] if "`--temperatures`" in said]
    assert ["likelihood was best at 0.9" in said for said in edges] == [True, False]


def test_a_steered_arms_bound_is_compared_with_the_others_divergence() -> None:
    def steered(seed: int) -> dict[str, Any]:
        point = {"temperature": 1.0, "kl_reverse_bound": {"value": 0.2 + 0.1 * seed}}
        return result(seed, {}) | {"curve": [point]}

    def plain(seed: int) -> dict[str, Any]:
        point = {"temperature": 1.0, "kl_sum": {"value": 1.0}, "kl_reverse": {"value": 0.9}}
        few = {"kl_reverse_bound": {"value": 0.6 + 0.1 * seed}}
        return result(seed, {}) | {"curve": [point | few]}

    steer = ArmSpec.read("steer:particles=4")
    tried = {LIKELIHOOD: [plain(1000)], steer: [steered(1000)]}
    tested = {LIKELIHOOD: [plain(0), plain(1)], steer: [steered(0), steered(1)]}
    found = scores(choices(tried), tested, tried, seed=0)
    (pair,) = (pair for pair in found["pairs"] if pair["score"] == "kl_reverse_bound")
    assert (pair["a"], pair["b"], pair["difference"]) == ("steer", "likelihood", pytest.approx(-0.4))
    alone = scores(choices({LIKELIHOOD: tried[LIKELIHOOD]}), {LIKELIHOOD: tested[LIKELIHOOD]}, tried, seed=0)
    assert "kl_reverse_bound" not in alone["arms"]["likelihood"]  # nobody asks for it


def test_arms_that_hardly_listened_to_their_judge_are_named() -> None:
    def heard(seed: int, share: float | None) -> dict[str, Any]:
        found = result(seed, {1.0: 0.5})
        known = {"heard": share} if share is not None else {}
        return found | {"training": found["training"] | known | {"told_right": 0.6}}

    gumbel, twin = ArmSpec("gumbel"), ArmSpec("gumbel-0")
    tested_likelihood = [
        *TESTED[LIKELIHOOD],
        result(2, {1.0: 0.5, 0.9: 0.5}),
        result(3, {1.0: 0.5, 0.9: 0.5}),
    ]
    tried = {LIKELIHOOD: TRIED[LIKELIHOOD], gumbel: [heard(1000, 0.0)], twin: [heard(1000, 0.0)]}
    tested = {
        LIKELIHOOD: tested_likelihood,
        gumbel: [heard(0, 0.25), heard(1, 0.1), heard(2, None), heard(3, 0.0)],
        twin: [heard(seed, 0.0) for seed in range(4)],
    }
    found = scores(choices(tried), tested, tried, seed=0)
    assert found["heard"] == {"gumbel": [0.25, 0.1, None, 0.0]}
    assert found["told_right"] == {"gumbel": [0.6] * 4}
    (said,) = [warning for warning in found["warnings"] if "listened" in warning]
    assert said.startswith(
        "gumbel listened to its judge in less than 25% of its updates under the seeds 1, 3, so"
    )


def test_intervals_hold_the_values() -> None:
    found = scores(choices(TRIED), TESTED, TRIED, seed=0)
    for arm in found["arms"].values():
        for score in arm.values():
            assert score["low"] <= score["value"] <= score["high"]
            assert score["value"] == pytest.approx(np.mean(score["values"]))


def test_a_family_that_can_be_decided_is_not_warned_of() -> None:
    pairs = {"learned": [("a", "b")] * 6, "twin": [("a", "b")] * 7}
    (said,) = undecidable(pairs, 8)
    assert "the family 'twin' has 7 comparisons: with 8 students" in said
    (said,) = undecidable({"learned": [*pairs["learned"], ("steer", "b")]}, 8)
    assert "has 7 comparisons, in the scores that a steered arm has as well" in said
