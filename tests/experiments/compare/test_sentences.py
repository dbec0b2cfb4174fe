"""The three sentences of a comparison: the verdict, the distance to real sound, and the controls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.scores import NOISED, build_scores
from partita.experiments.compare.sentences import sentences

Make = Callable[..., Any]
LOW, HIGH = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2, 0.3], [0.5, 0.7, 0.6, 0.8, 0.9, 0.6, 0.5, 0.7]
OTHER = [0.7, 0.5, 0.8, 0.6, 0.6, 0.9, 0.7, 0.5]  # the same numbers in another order


def said(results: dict[str, Any], **changes: Any) -> list[str]:
    config = CompareConfig(out=Path("comparison"), steps=5, arms=tuple(results), **changes)
    found = sentences(build_scores(config, results))
    assert len(found) == 3
    assert all(one.endswith(".") and "None" not in one and "nan" not in one for one in found)
    return found


@pytest.mark.parametrize(
    ("likelihood", "report", "words"),
    [
        (HIGH, LOW, "report is better than likelihood in"),
        (LOW, HIGH, "report is worse than likelihood in"),
        (HIGH, OTHER, "Whether report is better or worse than likelihood in"),
        (HIGH, HIGH, "report and likelihood are equal in"),
    ],
)
def test_the_first_sentence_is_the_verdict(
    results_of: Make, likelihood: list[float], report: list[float], words: str
) -> None:
    verdict, *_ = said(results_of({"likelihood": likelihood, "report": report}))
    assert verdict.startswith(f"{words} the distance to real sound (mmd_log_mel)")
    assert "8 seeds" in verdict


def test_one_seed_decides_nothing(results_of: Make) -> None:
    verdict, *_ = said(results_of({"likelihood": HIGH[:1], "report": LOW[:1]}), seeds=1)
    assert "is undecided" in verdict and "under the one seed" in verdict


def test_the_second_sentence_is_the_distance_of_both_arms(results_of: Make) -> None:
    _, distance, _ = said(results_of({"likelihood": [2.0] * 8, "report": [10.0] * 8, "critic": [5.0] * 8}))
    assert "white noise so many dB below it (more is better; 40 can't be told from real sound)" in distance
    assert distance.endswith(": likelihood 18 (18 to 18), report 10 (10 to 10).")


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (0.25, "The score notices white noise at -40 dBFS on the same clips, as it must."),
        (-0.25, "The score takes clips with white noise at -40 dBFS for no worse: do not trust it here."),
        (0.0, "The score takes clips with white noise at -40 dBFS for no worse: do not trust it here."),
    ],
)
def test_the_third_sentence_says_whether_noise_was_noticed(
    results_of: Make, added: float, words: str
) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    for one, value in zip(results["likelihood"], HIGH, strict=True):
        one["noised"]["mmd_log_mel"]["value"] = value + added
    assert said(results)[2] == words


def test_few_seeds_can_not_notice_noise(results_of: Make) -> None:
    *_, controls = said(results_of({"likelihood": HIGH[:3], "report": LOW[:3]}), seeds=3)
    assert controls == "The seeds are too few to say whether the score notices noise."


def test_noise_that_enough_seeds_do_not_notice_is_said(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    for one, value in zip(results["likelihood"], OTHER, strict=True):
        one["noised"]["mmd_log_mel"]["value"] = value
    *_, controls = said(results)
    assert controls.endswith(
        "does not notice white noise at -40 dBFS on the same clips: it may miss differences."
    )


def test_before_the_last_seed_there_is_no_verdict(results_of: Make) -> None:
    verdict, distance, controls = said(results_of({"likelihood": HIGH[:6], "report": LOW[:6]}))
    assert verdict == "There is no verdict yet: 6 of 8 seeds are finished."
    assert "likelihood 19" in distance and controls.startswith("The control is missing")


@pytest.mark.parametrize(
    ("again", "words"),
    [
        (OTHER, "; it finds no difference between two trainings that differ in seeds alone."),
        (HIGH, "; it finds two trainings that differ in seeds alone equal."),
        (
            LOW,
            "; but it finds a difference between two trainings that differ in seeds alone: do not trust it.",
        ),
    ],
)
def test_the_third_sentence_says_whether_equal_trainings_were_told_apart(
    results_of: Make, again: list[float], words: str
) -> None:
    *_, controls = said(results_of({"likelihood": HIGH, "report": LOW, "again": again}))
    assert controls.startswith("The score notices white noise") and controls.endswith(words)


def test_arms_that_are_missing_are_named(results_of: Make) -> None:
    results = results_of({"likelihood": HIGH, "report": LOW})
    results["likelihood"][1] = {"seed": 1, "diverged": "..."}
    verdict, distance, controls = said(results)
    assert verdict == "There is no verdict: likelihood has no result, because its training diverged."
    assert ": report 20 (" in distance and "likelihood" not in distance
    assert controls == f"The control is missing: {NOISED} has no result."
