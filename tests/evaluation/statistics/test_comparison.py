"""Comparisons of arms: false positive rate, power, agreement with other tests, and errors."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.comparison import Comparison, compare_pairs
from partita.evaluation.statistics.verdict import Direction
from partita.evaluation.statistics.wording import describe


def numbered(values: Iterable[float]) -> dict[int, float]:
    return dict(enumerate(map(float, values)))


def compared(a: Iterable[float], b: Iterable[float], *, margin: float = 0.0) -> Comparison:
    arms = {"a": numbered(a), "b": numbered(b)}
    (found,) = compare_pairs("kl", arms, [("a", "b")], better="lower", margin=margin)
    return found


def verdicts_of_the_same_arm(times: int, seeds: int = 8) -> list[str]:
    """Compare an arm with itself for other seeds; its scores are skewed, as if some runs failed."""
    rng = np.random.default_rng(0)
    return [compared(*rng.lognormal(size=(2, seeds))).verdict for _ in range(times)]


def test_200_comparisons_of_the_same_arm_have_at_most_5_percent_false_positives() -> None:
    """The level is 12 / 256, so 9 or 10 of 200 are expected; the test with 4,000 is more precise."""
    decided = [verdict for verdict in verdicts_of_the_same_arm(200) if verdict != "undecided"]
    assert len(decided) <= 10
    assert set(decided) <= {"better", "worse"}


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [6, 8, 12])
def test_4000_comparisons_of_the_same_arm_have_at_most_5_percent_false_positives(seeds: int) -> None:
    verdicts = verdicts_of_the_same_arm(4000, seeds)
    level = {6: 2 / 64, 8: 12 / 256, 12: 204 / 4096}[seeds]
    share = 1 - verdicts.count("undecided") / 4000
    assert share == pytest.approx(level, abs=0.0105)  # 3 standard errors
    assert share <= 0.05 + 2 * 0.0035
    assert verdicts.count("better") == pytest.approx(verdicts.count("worse"), abs=45)


def test_8_seeds_detect_the_detectable_difference_with_80_percent_power() -> None:
    rng = np.random.default_rng(0)
    detectable = compared(*rng.normal(size=(2, 8))).detectable
    assert detectable is not None and 0.5 < detectable < 4
    a, b = rng.normal(0, 1, (400, 8)) - 1.2, np.zeros(8)
    found = [compared(row, b).verdict for row in a]
    assert found.count("better") / 400 == pytest.approx(0.8, abs=0.06)
    assert found.count("worse") == 0


def test_the_numbers_agree_with_scipys_paired_tests() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=8), rng.normal(size=8)
    found = compared(a, b)
    assert found.difference == pytest.approx(a.mean() - b.mean())
    expected = stats.permutation_test((a, b), lambda a, b: np.mean(a - b), permutation_type="samples")
    assert found.p == pytest.approx(expected.pvalue)
    t = stats.ttest_rel(a, b).statistic
    assert found.effect == pytest.approx(0.888 * t / np.sqrt(8), rel=1e-3)  # J(7) = 0.888
    assert found.p_corrected == found.p
    assert found.seeds == list(range(8))


def test_the_verdict_depends_on_the_direction_of_the_score() -> None:
    arms = {"a": numbered([1, 2, 3, 4, 5, 6]), "b": numbered([2, 4, 6, 8, 10, 12])}
    directions: tuple[Direction, Direction] = ("lower", "higher")
    verdicts = [
        compare_pairs("s", arms, [pair], better=better)[0].verdict
        for pair in (("a", "b"), ("b", "a"))
        for better in directions
    ]
    assert verdicts == ["better", "worse", "worse", "better"]


def test_scores_are_paired_by_seed_in_any_order() -> None:
    arms = {"a": {3: 1.0, 1: 2.0}, "b": {1: 2.5, 3: 1.5}}
    (found,) = compare_pairs("kl", arms, [("a", "b")], better="lower")
    assert (found.seeds, found.difference, found.effect) == ([1, 3], -0.5, None)


def test_one_seed_is_undecided_without_p_value_and_interval() -> None:
    found = compared([1.0], [100.0], margin=1)
    assert found.verdict == "undecided"
    assert (found.low, found.high, found.p, found.p_corrected, found.detectable) == (None,) * 5
    assert "under the one seed. It takes at least 6 seeds" in describe(found)


def test_5_seeds_are_always_undecided() -> None:
    found = compared(np.zeros(5), np.full(5, 100) + np.arange(5))
    assert found.verdict == "undecided"
    assert found.high is not None and found.high < 0
    assert found.p is not None and found.p > 0.05
    assert found.detectable is None and found.seeds_needed is None


def test_identical_scores_are_equal_without_a_margin() -> None:
    """This is the case of a twin with weight 0."""
    values = np.random.default_rng(0).normal(size=8)
    found = compared(values, values)
    assert (found.verdict, found.p, found.low, found.high, found.effect) == ("equal", 1, 0, 0, None)
    assert compared(values[:5], values[:5]).verdict == "undecided"


def test_differences_that_are_equal_up_to_rounding_have_no_spread() -> None:
    values = np.random.default_rng(0).normal(size=8)
    found = compared(values, values + 1)
    assert (found.verdict, found.effect, found.detectable, found.seeds_needed) == ("better", None, None, None)
    assert describe(found).endswith("p = 0.00781).")


def test_a_significant_difference_within_the_margin_is_equal() -> None:
    found = compared(np.full(8, 1.0), 1.001 + 0.0001 * np.arange(8), margin=0.01)
    assert found.verdict == "equal"
    assert found.p is not None and found.p < 0.05
    assert "equal in kl within 0.01" in describe(found) and "too small to matter" in describe(found)
    assert compared(np.full(8, 1.0), 1.001 + 0.0001 * np.arange(8)).verdict == "better"


def test_the_pairs_of_a_call_are_corrected_together() -> None:
    values, either = np.random.default_rng(0).normal(size=8), np.array([1, -1] * 4)
    arms = {"x": numbered(values), "y": numbered(values + either), "control": numbered(9 + 2 * values)}
    found = compare_pairs("kl", arms, [("x", "control"), ("y", "control"), ("x", "y")], better="lower")
    assert [each.verdict for each in found] == ["better", "better", "undecided"]
    assert found[0].p is not None
    assert found[0].p_corrected == 3 * found[0].p and found[0].comparisons == 3
    assert "corrected for 3 comparisons 0.0234" in describe(found[0])


def test_7_comparisons_with_8_seeds_are_undecided_and_the_sentence_says_so() -> None:
    arms = {f"arm{i}": numbered(np.arange(8) * 0.01 + 10 * i) for i in range(8)}
    found = compare_pairs("kl", arms, [(f"arm{i}", "arm7") for i in range(7)], better="lower")
    assert {each.verdict for each in found} == {"undecided"}
    assert "at least 9 seeds for 7 comparisons" in describe(found[0])


def test_the_sentence_names_the_detectable_difference_and_the_required_seeds() -> None:
    rng = np.random.default_rng(2)
    found = compared(rng.normal(size=8), rng.normal(size=8), margin=0.5)
    assert found.aim == 0.5
    assert found.seeds_needed is not None and found.seeds_needed > 8
    assert f"to find 0.5 as often takes about {found.seeds_needed} seeds" in describe(found)
    wide = compared(rng.normal(size=8), rng.normal(size=8), margin=50)
    assert wide.detectable is not None and wide.detectable < 50
    assert "finer than the margin asks for" in describe(wide)
    unstated = compared(rng.normal(size=8), rng.normal(size=8))
    assert unstated.detectable is not None
    assert unstated.aim == pytest.approx(unstated.detectable / 2)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ({0: 1.0, 1: float("nan")}, {0: 1.0, 1: 2.0}, "`kl` of arm `a` is nan for seed 1"),
        ({0: 1.0, 1: 2.0}, {0: 1.0, 1: float("inf")}, "`kl` of arm `b` is inf for seed 1"),
        ({0: 1.0, 1: 2.0}, {0: 1.0, 2: 2.0}, r"only one of `a` and `b` has a `kl` for the seeds \[1, 2\]"),
        ({0: 1.0}, {}, "arm `b` has no `kl` for any seed"),
    ],
)
def test_scores_that_cannot_be_paired_are_refused(
    a: dict[int, float], b: dict[int, float], message: str
) -> None:
    with pytest.raises(PartitaError, match=message):
        compare_pairs("kl", {"a": a, "b": b}, [("a", "b")], better="lower")


def test_an_arm_paired_with_itself_and_an_unknown_direction_are_refused() -> None:
    arms = {"a": numbered([1, 2]), "b": numbered([1, 2])}
    with pytest.raises(PartitaError, match="paired with itself"):
        compare_pairs("kl", arms, [("a", "a")], better="lower")
    down: Any = "down"
    with pytest.raises(PartitaError, match="'lower' or 'higher'"):
        compare_pairs("kl", arms, [("a", "b")], better=down)
