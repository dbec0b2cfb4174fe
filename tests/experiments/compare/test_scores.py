"""The scores of a comparison from results made by hand: means, comparisons and warnings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.score_names import BETTER
from partita.experiments.compare.scores import NOISED, build_scores

Make = Callable[..., Any]
LOW, HIGH = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.3], [0.5, 0.7, 0.6, 0.8, 0.9, 0.6, 0.5, 0.7]


def plan(*arms: str, **changes: Any) -> CompareConfig:
    settings: dict[str, Any] = {"out": Path("comparison"), "arms": arms, "steps": 5}
    return CompareConfig(**settings | changes)


def test_scores_are_means_over_seeds_with_their_intervals(results_of: Make) -> None:
    found = build_scores(plan("report"), results_of({"likelihood": HIGH, "report": LOW}))
    assert found["seeds"] == list(range(8))
    for arm, values in (("likelihood", HIGH), ("report", LOW)):
        score, known = found["arms"][arm]["mmd_log_mel"], mean_over_seeds(values)
        assert score["value"] == pytest.approx(np.mean(values))
        assert (score["low"], score["high"]) == (known.low, known.high)
        assert (score["seeds"], score["values"]) == (list(range(8)), values)
        assert found["arms"][arm]["told_apart"]["value"] == pytest.approx(0.5 + np.mean(values) / 10)
    noised = found["arms"][NOISED]
    assert noised["mmd_log_mel"]["value"] == pytest.approx(np.mean(HIGH) + 0.25)
    assert "bits_per_sample" not in noised
    assert found["warnings"] == []


def test_arms_are_compared_in_families_that_each_answer_one_question(results_of: Make) -> None:
    """Regression: likelihood with settings was also compared with itself, as if it were its own twin."""
    strong, careful = "report:adversary.weight=2", "likelihood:grad_clip=0.5"
    config = plan("start", "report", strong, "report-0", careful, "again")
    found = build_scores(config, results_of({spec.name: HIGH for spec in config.arm_specs}))
    expected = {
        ("arms", "report", "likelihood"),
        ("arms", strong, "likelihood"),
        ("arms", careful, "likelihood"),
        ("twin", "report", "report-0"),
        ("twin", strong, "report-0"),
        ("continued", "likelihood", "start"),
        ("noised", NOISED, "likelihood"),
        ("again", "again", "likelihood"),
    }
    compared = [(pair["family"], pair["a"], pair["b"], pair["score"]) for pair in found["pairs"]]
    assert len(compared) == len(set(compared))
    assert {one[:3] for one in compared if one[3] == "told_apart"} == expected
    others = expected - {("arms", "report", "likelihood")}
    assert {one[:3] for one in compared if one[3] == "mmd_log_mel"} == others | {
        ("primary", "report", "likelihood")
    }
    assert {one[3] for one in compared} == {"mmd_log_mel", "told_apart", "bits_per_sample"}
    assert found["better"] == {
        name: BETTER[name] for name in ("mmd_log_mel", "told_apart", "bits_per_sample")
    }


def test_a_twin_must_agree_in_all_settings_but_weights(results_of: Make) -> None:
    config = plan("report:grad_clip=0.5,adversary.weight=2", "report-0", "report-0:grad_clip=0.5")
    found = build_scores(config, results_of({spec.name: HIGH for spec in config.arm_specs}))
    twins = {(pair["a"], pair["b"]) for pair in found["pairs"] if pair["family"] == "twin"}
    assert twins == {("report:grad_clip=0.5,adversary.weight=2", "report-0:grad_clip=0.5")}


def test_the_primary_comparison_is_first_and_is_corrected_for_itself_alone(results_of: Make) -> None:
    arms = {"likelihood": HIGH, "report": LOW, "critic": LOW, "gumbel": HIGH, "report-0": HIGH}
    found = build_scores(plan(*list(arms)[1:], primary_arm="critic", margin=0.05), results_of(arms))
    first, *rest = found["pairs"]
    assert (first["family"], first["primary"], first["score"]) == ("primary", True, "mmd_log_mel")
    assert (first["a"], first["b"], first["margin"]) == ("critic", "likelihood", 0.05)
    assert (first["comparisons"], first["p_corrected"]) == (1, first["p"])
    assert first["verdict"] == "better"
    assert first["difference"] == pytest.approx(np.mean(LOW) - np.mean(HIGH))
    assert not any(pair["primary"] or pair["family"] == "primary" for pair in rest)
    assert not any(
        (pair["a"], pair["b"], pair["score"]) == ("critic", "likelihood", "mmd_log_mel") for pair in rest
    )
    assert found["primary"] == {"arm": "critic", "with": "likelihood", "score": "mmd_log_mel", "margin": 0.05}


def test_exploratory_comparisons_are_corrected_in_each_family_and_score(results_of: Make) -> None:
    arms = {"likelihood": HIGH, "report": LOW, "critic": LOW, "gumbel": HIGH, "report-0": HIGH}
    found = build_scores(plan(*list(arms)[1:]), results_of(arms))
    by_pair = {(pair["family"], pair["a"], pair["score"]): pair for pair in found["pairs"]}
    smallest = 2 / 2**8  # of a sign-flip test with 8 seeds
    for arm in ("report", "critic"):
        pair = by_pair["arms", arm, "told_apart"]
        assert (pair["p"], pair["p_corrected"], pair["comparisons"]) == (smallest, 3 * smallest, 3)
        assert (pair["verdict"], pair["margin"]) == ("better", 0.0)
    assert by_pair["arms", "gumbel", "told_apart"]["p_corrected"] == 1.0
    for family, arm in (("twin", "report"), ("noised", NOISED)):
        pair = by_pair[family, arm, "told_apart"]
        assert (pair["p_corrected"], pair["comparisons"]) == (smallest, 1)
    assert by_pair["noised", NOISED, "told_apart"]["verdict"] == "worse"


def test_an_arm_that_diverged_is_left_out_with_a_warning(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW, "critic": LOW})
    for seed in (2, 5):
        results["report"][seed] = {"arm": "report", "seed": seed, "diverged": "the loss is not finite"}
    found = build_scores(plan("report", "critic"), results)
    assert set(found["arms"]) == {"likelihood", "critic", NOISED}
    assert found["warnings"] == [
        "report is left out: it diverged under the seeds 2, 5 (the loss is not finite)"
    ]
    compared = {(pair["family"], pair["a"]) for pair in found["pairs"]}
    assert compared == {("arms", "critic"), ("noised", NOISED)}  # another arm does not become the primary one
    assert found["primary"]["arm"] == "report"


def test_without_the_control_there_are_scores_but_no_comparisons(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    lost = {"seed": 0, "diverged": "..."}
    results["likelihood"][0] = lost
    found = build_scores(plan("report"), results)
    assert (set(found["arms"]), found["pairs"]) == ({"report"}, [])
    assert found["seeds"] == list(range(8))
    results["report"][0] = lost
    with pytest.raises(
        PartitaError, match=r"no arm is left: likelihood is left out: it diverged under .* seed 0"
    ):
        build_scores(plan("report"), results)


def test_intervals_stay_in_the_range_of_their_score(results_of: Make) -> None:
    found = build_scores(
        plan("report", seeds=2), results_of({"likelihood": [0.0, 4.5], "report": [0.0, 4.0]})
    )
    arm = found["arms"]["likelihood"]
    wide = mean_over_seeds([0.0, 4.5])
    assert wide.low < 0.0
    limits = {name: (score["low"], score["high"]) for name, score in arm.items()}
    assert limits["mmd_log_mel"] == (wide.low, wide.high)
    assert limits["voiced_share"] == limits["told_apart"] == (0.0, 1.0)
    assert limits["noise_db_mmd_log_mel"] == (0.0, 40.0)
    assert limits["bits_per_sample"] == (0.0, pytest.approx(4.0 + wide.high))
    for scores in found["arms"].values():
        assert all(score["low"] <= score["value"] <= score["high"] for score in scores.values())


def test_the_real_sound_and_the_kind_of_a_bound_are_kept(results_of: Make) -> None:
    found = build_scores(plan("report"), results_of({"likelihood": HIGH, "report": LOW}))
    for arm in ("likelihood", "report"):
        scores = found["arms"][arm]
        assert scores["mmd_log_mel"]["real"]["value"] == pytest.approx(np.mean(0.01 * np.arange(8)))
        assert {name for name, score in scores.items() if "real" in score} == {"mmd_log_mel"}
        assert {name for name, score in scores.items() if "upper_bound" in score} == {"bits_per_sample"}
        assert scores["bits_per_sample"]["upper_bound"] is True


def test_curves_are_means_over_seeds_on_both_splits(results_of: Make) -> None:
    found = build_scores(plan("report"), results_of({"likelihood": HIGH, "report": LOW}))
    for arm, values in (("likelihood", HIGH), ("report", LOW)):
        curve = found["curves"][arm]
        assert [point["temperature"] for point in curve] == [1.0, 0.9]
        for point in curve:
            assert point["validation"] == pytest.approx(np.mean(values) + point["temperature"])
            assert point["test"] == pytest.approx(np.mean(values) - point["temperature"])
    assert found["temperatures"] == {"likelihood": [0.9] * 8, "report": [0.9] * 8}
    assert len(found["training"]["report"]) == 8


@pytest.mark.parametrize(("seeds", "plural"), [(5, "s"), (1, "")])
def test_too_few_seeds_have_a_warning(results_of: Make, seeds: int, plural: str) -> None:
    found = build_scores(
        plan("report", seeds=seeds), results_of({"likelihood": HIGH[:seeds], "report": LOW[:seeds]})
    )
    expected = f"with {seeds} seed{plural} no difference can be significant: give 6 or more"
    assert (found["missing"], found["warnings"]) == (0, [expected])


def test_before_the_last_seed_there_are_scores_but_no_comparisons(results_of: Make) -> None:
    """Whoever stops when the result pleases would find differences that are none."""
    found = build_scores(plan("report"), results_of({"likelihood": HIGH[:7], "report": LOW[:7]}))
    assert (found["missing"], found["pairs"]) == (1, [])
    assert found["arms"]["report"]["mmd_log_mel"]["values"] == LOW[:7]


def test_one_seed_has_the_intervals_over_clips(results_of: Make) -> None:
    found = build_scores(plan("report", seeds=1), results_of({"likelihood": HIGH[:1], "report": LOW[:1]}))
    score = found["arms"]["likelihood"]["mmd_log_mel"]
    assert (score["low"], score["high"]) == (HIGH[0] - 0.1, HIGH[0] + 0.1)


def test_warnings_of_results_are_given_once(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    for one in (*results["likelihood"], results["report"][3]):
        one["warnings"] = ["the clips are short"]
    assert build_scores(plan("report"), results)["warnings"] == ["the clips are short"]


def test_a_temperature_at_the_end_of_the_curve_has_a_warning(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    results["report"][2]["temperature"] = 0.8
    inside = plan("report", temperatures=(1.0, 0.9, 0.8, 0.7))
    assert build_scores(inside, results)["warnings"] == []
    (warning,) = build_scores(replace(inside, temperatures=(1.0, 0.9, 0.8)), results)["warnings"]
    assert warning.startswith("report chose the least or the greatest") and "`--temperatures`" in warning
    assert build_scores(replace(inside, temperatures=(0.8,)), results)["warnings"] == []


def test_an_arm_that_was_not_trained_in_turns_with_likelihood_has_a_warning(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW, "critic": LOW})
    for arm, others in (("likelihood", ["likelihood", "report"]), ("critic", ["critic"])):
        for one in results[arm]:
            one["trained_with"] = others
    (warning,) = build_scores(plan("report", "critic", steps=None), results)["warnings"]
    assert warning.startswith("critic was not trained in turns with likelihood")


def test_a_critic_that_is_worse_than_the_base_has_a_warning(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "critic": LOW, "corrected": LOW})
    for arm, bits in (("critic", 4.5), ("corrected", 3.5)):
        for one in results[arm]:
            one["training"] = one["training"] | {"critic_bits": bits, "base_bits": 4.0}
    (warning,) = build_scores(plan("critic", "corrected"), results)["warnings"]
    assert warning.startswith("the critic of critic needs more bits than the base")


def test_a_family_with_too_many_comparisons_for_its_seeds_has_a_warning(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH[:6], "report": LOW[:6], "critic": LOW[:6]})
    found = build_scores(plan("report", "critic", seeds=6), results, warnings=["known sound"])
    assert found["warnings"] == [
        "known sound",
        "the family 'arms' has 2 comparisons: with 6 seeds none of them can be significant",
    ]
    assert found["pairs"][0]["verdict"] == "better"  # the primary one can be


def test_arms_of_equal_time_are_checked_for_equal_conditions(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    for arm, share in (("likelihood", 1.0), ("report", 0.4)):
        results[arm][3]["training"]["machine_share"] = share
    updates = plan("report")
    assert build_scores(updates, results)["warnings"] == []
    (warning,) = build_scores(replace(updates, steps=None), results)["warnings"]
    assert "under the seed 3" in warning and "report" in warning
