from typing import Any

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.experiments.arena.scores import any_student_started, build_scores, drop_diverged
from partita.experiments.arena.selection import best_choices
from partita.experiments.arm_spec import ArmSpec

LIKELIHOOD, REPORT, STRONG = (
    ArmSpec("likelihood"),
    ArmSpec("report"),
    ArmSpec.parse("report:adversary.weight=1"),
)


def result(seed: int, sums: dict[float, float], *, flat: bool = True) -> dict[str, Any]:
    """Return the result of a seed with a given sum of both divergences at each temperature."""
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


def test_the_best_settings_and_temperature_on_the_validation_seeds_are_chosen() -> None:
    chosen = best_choices(TRIED)
    assert (chosen["likelihood"].spec, chosen["likelihood"].temperature) == (LIKELIHOOD, 0.9)
    assert (chosen["report"].spec, chosen["report"].temperature) == (STRONG, 1.0)
    assert chosen["report"].value == pytest.approx(0.45)


def test_ties_go_to_the_temperature_of_1() -> None:
    tied = {LIKELIHOOD: [result(1000, {1.05: 0.5, 1.0: 0.5, 0.9: 0.5})]}
    assert best_choices(tied)["likelihood"].temperature == 1.0


def test_scores_are_those_of_the_test_seeds_at_the_chosen_settings() -> None:
    found = build_scores(best_choices(TRIED), TESTED, TRIED, seed=0)
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
    assert "the validation loss of the students 1 was still improving" in steep
    assert "the family 'learned' has 1 comparison: with 2 students none" in few


def test_arms_are_compared_with_likelihood_and_with_their_twins() -> None:
    twin = ArmSpec("report-0")
    tried, tested = {**TRIED, twin: TRIED[REPORT]}, {**TESTED, twin: TESTED[STRONG]}
    found = build_scores(best_choices(tried), tested, tried, seed=0)
    compared = [
        (pair["family"], pair["a"], pair["b"]) for pair in found["pairs"] if pair["score"] == "kl_sum"
    ]
    assert compared == [("learned", "report", "likelihood"), ("twin", "report", "report-0")]
    assert found["pairs"][0]["difference"] == pytest.approx(0.05)
    assert found["pairs"][0]["verdict"] == "undecided"


def test_arms_that_diverged_are_left_out_with_a_warning() -> None:
    diverged = {"arm": "report", "seed": 1, "diverged": "the loss is not finite"}
    left, warnings = drop_diverged({LIKELIHOOD: TESTED[LIKELIHOOD], REPORT: [TRIED[REPORT][0], diverged]})
    assert list(left) == [LIKELIHOOD]
    assert warnings == ["report is left out: it diverged under the seed 1 (the loss is not finite)"]
    with pytest.raises(PartitaError, match="no arm is left"):
        drop_diverged({REPORT: [diverged]})


def test_students_that_diverged_before_the_arms_are_left_out() -> None:
    lost = {"seed": 1, "start_diverged": "the loss is not finite"}
    both = {LIKELIHOOD: [TESTED[LIKELIHOOD][0], lost], REPORT: [TRIED[REPORT][0], lost]}
    left, warnings = drop_diverged(both)
    assert {spec: len(found) for spec, found in left.items()} == {LIKELIHOOD: 1, REPORT: 1}
    assert warnings == [
        "the student 1 is left out: it diverged before the arms were trained (the loss is not finite)"
    ]
    assert any_student_started(both) and not any_student_started({REPORT: [lost]})


def test_incomplete_scores_and_limits_of_the_temperatures_have_warnings() -> None:
    found = build_scores(best_choices(TRIED), TESTED, TRIED, seed=0, missing=6)
    assert found["seeds_missing"] == 6
    assert found["warnings"][-1].startswith("6 students of the test are not evaluated yet")
    limits = [warning for warning in found["warnings"] if "`--temperatures`" in warning]
    assert ["likelihood was best at 0.9, the lowest" in warning for warning in limits] == [True, False]


def test_a_steered_arms_bound_is_compared_with_the_others_divergence() -> None:
    def steered(seed: int) -> dict[str, Any]:
        point = {"temperature": 1.0, "kl_reverse_bound": {"value": 0.2 + 0.1 * seed}}
        return result(seed, {}) | {"curve": [point]}

    def plain(seed: int) -> dict[str, Any]:
        point = {"temperature": 1.0, "kl_sum": {"value": 1.0}, "kl_reverse": {"value": 0.9}}
        few = {"kl_reverse_bound": {"value": 0.6 + 0.1 * seed}}
        return result(seed, {}) | {"curve": [point | few]}

    steer = ArmSpec.parse("steer:particles=4")
    tried = {LIKELIHOOD: [plain(1000)], steer: [steered(1000)]}
    tested = {LIKELIHOOD: [plain(0), plain(1)], steer: [steered(0), steered(1)]}
    found = build_scores(best_choices(tried), tested, tried, seed=0)
    (pair,) = (pair for pair in found["pairs"] if pair["score"] == "kl_reverse_bound")
    assert (pair["a"], pair["b"], pair["difference"]) == ("steer", "likelihood", pytest.approx(-0.4))
    alone = build_scores(
        best_choices({LIKELIHOOD: tried[LIKELIHOOD]}), {LIKELIHOOD: tested[LIKELIHOOD]}, tried, seed=0
    )
    assert "kl_reverse_bound" not in alone["arms"]["likelihood"]  # only a steered arm needs it


def test_arms_whose_judge_was_rarely_active_have_a_warning() -> None:
    def judged(seed: int, share: float | None) -> dict[str, Any]:
        found = result(seed, {1.0: 0.5})
        known = {"heard": share} if share is not None else {}
        return found | {"training": found["training"] | known | {"told_right": 0.6}}

    gumbel, twin = ArmSpec("gumbel"), ArmSpec("gumbel-0")
    tested_likelihood = [
        *TESTED[LIKELIHOOD],
        result(2, {1.0: 0.5, 0.9: 0.5}),
        result(3, {1.0: 0.5, 0.9: 0.5}),
    ]
    tried = {LIKELIHOOD: TRIED[LIKELIHOOD], gumbel: [judged(1000, 0.0)], twin: [judged(1000, 0.0)]}
    tested = {
        LIKELIHOOD: tested_likelihood,
        gumbel: [judged(0, 0.25), judged(1, 0.1), judged(2, None), judged(3, 0.0)],
        twin: [judged(seed, 0.0) for seed in range(4)],
    }
    found = build_scores(best_choices(tried), tested, tried, seed=0)
    assert found["heard"] == {"gumbel": [0.25, 0.1, None, 0.0]}
    assert found["told_right"] == {"gumbel": [0.6] * 4}
    (warning,) = [warning for warning in found["warnings"] if "the judge of" in warning]
    assert warning.startswith("the judge of gumbel was active in under 25% of updates under the seeds 1, 3:")


def test_intervals_contain_the_values() -> None:
    found = build_scores(best_choices(TRIED), TESTED, TRIED, seed=0)
    for arm in found["arms"].values():
        for score in arm.values():
            assert score["low"] <= score["value"] <= score["high"]
            assert score["value"] == pytest.approx(np.mean(score["values"]))


def test_an_area_under_the_curve_has_no_interval_above_1() -> None:
    # regression: Student's t interval over two students reached 1.02
    tested = {LIKELIHOOD: [result(0, {1.0: 0.3}), result(1, {1.0: 0.9})]}
    for row, value in zip(tested[LIKELIHOOD], (0.97, 0.999), strict=True):
        row["curve"][0]["told_apart"] = {"value": value, "low": value, "high": value}
    chosen = best_choices(tested)
    found = build_scores(chosen, tested, tested, seed=0)
    for score in (found["arms"]["likelihood"]["told_apart"], found["curves"]["likelihood"][0]["told_apart"]):
        assert 0.0 <= score["low"] < score["value"] < score["high"] == 1.0
    assert found["arms"]["likelihood"]["kl_sum"]["low"] == 0.0


def test_a_difference_of_areas_is_at_most_1() -> None:
    tested = {LIKELIHOOD: [], REPORT: []}
    for spec, values in ((LIKELIHOOD, (0.0, 0.2)), (REPORT, (0.99, 0.6))):
        for seed, value in enumerate(values):
            row = result(seed, {1.0: 0.5})
            row["curve"][0]["told_apart"] = {"value": value, "low": value, "high": value}
            tested[spec].append(row)
    found = build_scores(best_choices(tested), tested, tested, seed=0)
    pairs = [pair for pair in found["pairs"] if pair["score"] == "told_apart"]
    assert pairs and all(-1.0 <= pair["low"] <= pair["high"] <= 1.0 for pair in pairs)
