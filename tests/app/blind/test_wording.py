"""The verdict is one plain sentence that says what holds, how surely and for what."""

from dataclasses import replace

import pytest

from partita.app.blind.results import PairResult
from partita.app.blind.wording import abx_sentence, preference_sentence
from partita.evaluation.statistics.binomial import binomial_interval
from partita.evaluation.statistics.scores import Score


def result(chosen: int, answers: int, p: float, *, question: str = "better") -> PairResult:
    return PairResult(
        question=question,
        a="policy",
        b="likelihood",
        chosen=chosen,
        answers=answers,
        share=binomial_interval(chosen, answers),
        p_answers=p,
        seeds={"": chosen / answers},
        over_seeds=None,
        p_seeds=None,
        more_answers=max(0, 422 - answers),
        listeners={},
        p_corrected=p,
    )


def over_seeds(found: PairResult, seeds: int) -> PairResult:
    value = found.chosen / found.answers
    return replace(
        found,
        seeds={str(seed): value for seed in range(seeds)},
        over_seeds=Score(value, value - 0.1, value + 0.1) if seeds >= 6 else None,
        p_seeds=found.p_corrected,
    )


def test_a_preference_of_one_training_is_said_with_its_limit() -> None:
    assert preference_sentence(result(16, 20, 0.0118)) == (
        "policy was preferred to likelihood in 16 of 20 answers (80%, 95% interval 56% to 94%; p = 0.012);"
        " all clips are from one seed, so this does not say that another training sounds the same."
    )


def test_a_preference_for_the_second_arm_names_it_first() -> None:
    sentence = preference_sentence(over_seeds(result(8, 40, 0.0078, question="real"), 8))
    assert sentence == (
        "likelihood was taken for a real recording more often than policy in 32 of 40 answers (80%, 95%"
        " interval 70% to 90%; p = 0.0078), tested over 8 seeds."
    )


def test_without_a_result_it_says_how_many_answers_are_missing() -> None:
    assert preference_sentence(result(12, 20, 0.5)) == (
        "No preference between policy and likelihood is shown: policy was chosen in 12 of 20 answers (60%,"
        " 95% interval 36% to 81%; p = 0.5); to detect a preference of 57 to 43, 402 more answers are needed."
    )
    assert "more answers" not in preference_sentence(result(212, 422, 0.9))


def test_too_few_seeds_are_named_as_the_reason() -> None:
    sentence = preference_sentence(over_seeds(result(40, 40, 0.25), 3))
    assert "(100%, 95% interval 91% to 100%; " in sentence  # of the answers: three seeds have no interval
    assert sentence.endswith("p = 0.25), and 3 seeds can't show one, at least 6 are needed.")


def test_abx_says_whether_arms_can_be_told_apart() -> None:
    assert abx_sentence(result(14, 16, 0.0021, question="abx")) == (
        "policy and likelihood can be told apart: 14 of 16 answers were correct (88%, 95% interval 62% to"
        " 98%; p = 0.0021)."
    )
    assert abx_sentence(result(9, 16, 0.4, question="abx")).startswith(
        "It is not shown that policy and likelihood can be told apart: 9 of 16"
    )


@pytest.mark.parametrize("question", ["better", "real", "prompt"])
def test_every_question_has_its_words(question: str) -> None:
    sentence = preference_sentence(result(20, 20, 1e-6, question=question))
    assert sentence.startswith("policy was ") and "p < 0.001" in sentence and sentence.count(".") <= 2
