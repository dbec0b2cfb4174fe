"""Results: against counts by hand, scipy, and listeners whose preference is known."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from listening import answer_all, prefers
from scipy import stats

from partita.app.blind.answers import Answer, Answers
from partita.app.blind.folder import BlindTest
from partita.app.blind.key import TrialKey
from partita.app.blind.results import PairResult, results_of


def trial(number: int, *, seed: str = "", x: str | None = None, repeat_of: str | None = None) -> TrialKey:
    """Return a trial whose A is the arm `policy` if its number is even."""
    a, b = ("policy", "real") if number % 2 == 0 else ("real", "policy")
    return TrialKey(
        trial=str(number),
        listener="t",
        question="better" if x is None else "abx",
        item=f"{seed}/{number}",
        seed=seed,
        pair=("policy", "real"),
        a=a,
        b=b,
        x=x,
        repeat_of=repeat_of,
        digests={},
    )


def answered(trials: Sequence[TrialKey], choices: str) -> dict[str, Answers]:
    given = [
        Answer(trial=one.trial, choice=choice, seconds=1.0, at=0.0)
        for one, choice in zip(trials, choices, strict=False)
    ]
    return {"t": Answers(tuple(given))}


def for_policy(trials: Sequence[TrialKey], wins: Sequence[bool]) -> str:
    """Return the choices that prefer `policy` where `wins` is true."""
    return "".join("A" if (one.a == "policy") == win else "B" for one, win in zip(trials, wins, strict=True))


def one_pair(trials: Sequence[TrialKey], choices: str) -> PairResult:
    (found,) = results_of(trials, answered(trials, choices)).pairs
    return found


def test_choices_are_counted_for_the_arm_and_not_for_the_side() -> None:
    trials = [trial(number) for number in range(10)]
    found = one_pair(trials, for_policy(trials, [True] * 8 + [False] * 2))
    assert (found.a, found.b, found.chosen, found.answers) == ("policy", "real", 8, 10)
    exact = stats.binomtest(8, 10)
    interval = exact.proportion_ci(method="exact")
    assert found.share is not None
    assert (found.share.low, found.share.high) == pytest.approx((interval.low, interval.high))
    assert found.p_answers == pytest.approx(exact.pvalue) and found.p == found.p_answers
    assert found.p_seeds is None and found.over_seeds is None
    assert found.more_answers == 422 - 10
    always_a = one_pair(trials, "A" * 10)
    assert always_a.chosen == 5


def test_over_seeds_the_test_counts_trainings_and_not_answers() -> None:
    """Six seeds of ten answers each: five prefer `policy` in 9, one in 4 of 10."""
    trials = [trial(number, seed=str(number // 10)) for number in range(60)]
    wins = [number % 10 < (9 if number < 50 else 4) for number in range(60)]
    found = one_pair(trials, for_policy(trials, wins))
    assert found.seeds == {"0": 0.9, "1": 0.9, "2": 0.9, "3": 0.9, "4": 0.9, "5": 0.4}
    assert found.p_answers is not None and found.p_answers < 1e-5
    assert found.p_seeds == 2 * 2 / 2**6  # the observed signs, and those with the sixth one flipped
    assert found.p == found.p_corrected == found.p_seeds
    assert found.over_seeds is not None and found.over_seeds.value == pytest.approx(4.9 / 6)
    assert found.over_seeds.low < 0.5  # the interval agrees with the test


def test_fewer_than_six_seeds_have_a_test_but_no_interval() -> None:
    trials = [trial(number, seed=str(number // 10)) for number in range(30)]
    found = one_pair(trials, for_policy(trials, [True] * 30))
    assert found.over_seeds is None and found.p == found.p_seeds == 2 / 2**3
    assert found.p_answers is not None and found.p_answers < 1e-8
    assert found.verdict.endswith("and 3 seeds can't show one, at least 6 are needed.")


def test_the_first_answer_counts_and_open_trials_do_not() -> None:
    trials = [trial(number) for number in range(4)]
    given = [Answer(trial="0", choice=choice, seconds=1.0, at=0.0) for choice in "ABB"]
    found = results_of(trials, {"t": Answers(tuple(given))})
    assert (found.answered, found.trials) == (1, 4)
    assert (found.pairs[0].chosen, found.pairs[0].answers) == (1, 1)


def test_repeats_count_for_the_consistency_alone() -> None:
    trials = [trial(number) for number in range(4)]
    trials += [trial(number + 5, repeat_of=str(number)) for number in range(4)]  # the sides are swapped
    choices = for_policy(trials, [True, True, False, False, True, False, False, False])
    found = results_of(trials, answered(trials, choices))
    assert (found.pairs[0].chosen, found.pairs[0].answers) == (2, 4)
    assert (found.consistency.same, found.consistency.repeats) == (3, 4)
    assert found.consistency.share is not None
    assert found.consistency.share.low == pytest.approx(stats.binomtest(3, 4).proportion_ci().low)
    assert found.consistency_by_listener["t"] == found.consistency


def test_who_always_presses_the_same_key_is_never_consistent() -> None:
    trials = [trial(number) for number in range(6)]
    trials += [trial(number + 7, repeat_of=str(number)) for number in range(6)]
    found = results_of(trials, answered(trials, "A" * 12))
    assert (found.consistency.same, found.consistency.repeats) == (0, 6)
    assert found.pairs[0].chosen == 3


def test_abx_counts_correct_answers_and_tests_one_side() -> None:
    trials = [trial(number, x="AB"[number // 2 % 2]) for number in range(16)]
    choices = "".join(str(one.x) if number < 12 else "BA"[one.x == "B"] for number, one in enumerate(trials))
    found = one_pair(trials, choices)
    assert found.is_abx and (found.chosen, found.answers) == (12, 16)
    assert found.p_answers == pytest.approx(stats.binomtest(12, 16, alternative="greater").pvalue)
    assert found.p_answers == pytest.approx(2517 / 65536)  # 1820 + 560 + 120 + 16 + 1


def test_p_values_of_several_pairs_are_corrected_together() -> None:
    trials = [trial(number) for number in range(12)]
    abx = [trial(number + 100, x="A") for number in range(12)]
    choices = for_policy(trials, [True] * 11 + [False]) + "A" * 9 + "B" * 3
    found = results_of([*trials, *abx], answered([*trials, *abx], choices)).pairs
    raw = [pair.p for pair in found]
    assert raw == pytest.approx([13 * 2 / 4096, 299 / 4096])
    assert [pair.p_corrected for pair in found] == pytest.approx([2 * 26 / 4096, 299 / 4096])


def test_without_answers_nothing_is_claimed() -> None:
    (found,) = results_of([trial(0)], {}).pairs
    assert found.answers == 0 and found.share is None and found.p_corrected is None
    assert found.verdict == "There is no answer yet on policy and real."


def test_a_listener_who_always_prefers_an_arm_is_found_whatever_the_sides(blind_test: BlindTest) -> None:
    answer_all(blind_test, prefers("policy"))
    blind_test.end()
    found = results_of(blind_test.key().trials, blind_test.answers())
    shares = {(pair.question, pair.a, pair.b): pair.chosen / pair.answers for pair in found.pairs}
    assert shares["better", "policy", "likelihood"] == 1 and shares["better", "real", "policy"] == 0
    assert shares["better", "real", "likelihood"] == 0.5  # always A, and each arm is A in half of the trials
    assert {share for (question, _, _), share in shares.items() if question == "abx"} == {1}
    assert found.answered == found.trials == 2 * 2 * (12 + 2)
    assert json.loads(json.dumps(found.as_json()))["pairs"][0]["verdict"]
    assert all(pair.listeners[token][1] == 4 for pair in found.pairs for token in blind_test.listeners)


def test_without_a_preference_few_tests_are_significant() -> None:
    """The sign-flip test over 8 seeds keeps its level where the seeds themselves differ."""
    rng, significant = np.random.default_rng(0), 0
    trials = [trial(number, seed=str(number // 20)) for number in range(160)]
    for _ in range(200):
        taste = rng.beta(2, 2, 8)  # of each training, symmetric around one half
        wins = [bool(rng.random() < taste[number // 20]) for number in range(160)]
        found = one_pair(trials, for_policy(trials, wins))
        assert found.p is not None
        significant += found.p <= 0.05
    assert significant <= 20  # 10 expected, standard deviation 3
