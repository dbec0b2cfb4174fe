"""The results of a listening test: preferences, ABX, consistency, and how many answers are missing.

Only the first answer to a trial counts, and hidden repeats count for the consistency alone. The interval of a
share is exact (Clopper-Pearson) for the answers that were given. Whether an arm is better than another is
tested over seeds where clips come from several trainings: many answers on the clips of one training say how
that training sounds, not how the next one will. This file reads no files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from partita.app.blind.answers import Answers
from partita.app.blind.key import TrialKey
from partita.app.blind.wording import abx_sentence, preference_sentence
from partita.evaluation.statistics.binomial import answers_needed, binomial_interval, binomial_test
from partita.evaluation.statistics.holm import holm_correction
from partita.evaluation.statistics.permutation import sign_flip_test
from partita.evaluation.statistics.power import min_seeds
from partita.evaluation.statistics.scores import Score
from partita.evaluation.statistics.seed_interval import mean_over_seeds

AIMED_SHARE = 0.57
"""The preference, 57 to 43, whose number of answers is given."""


@dataclass(frozen=True, kw_only=True)
class CountedAnswer:
    """A trial with the answer that counts."""

    key: TrialKey
    choice: str

    @property
    def first_won(self) -> bool:
        """Whether the pair's first arm was chosen."""
        return self.key.arm(self.choice) == self.key.pair[0]

    @property
    def correct(self) -> bool:
        """Whether X was named correctly; only in ABX."""
        return self.choice == self.key.x

    @property
    def verdict(self) -> bool:
        """What a consistent listener says again in a repeat."""
        return self.first_won if self.key.x is None else self.correct


@dataclass(frozen=True, kw_only=True)
class PairResult:
    """The answers to one question about one pair of arms.

    Args:
        question: the name of the question.
        a: the first arm of the pair.
        b: the second arm.
        chosen: how many answers preferred a; in ABX, how many were correct.
        answers: how many answers count.
        share: `chosen` of `answers`, with its exact 95% interval; None without answers.
        p_answers: the exact binomial p-value of the answers against one half: two-sided for a preference,
            one-sided for ABX; None without answers.
        seeds: the share by seed.
        over_seeds: the mean of `seeds` with its 95% interval; None with fewer than 6 seeds, which the
            sign-flip test needs, or ABX.
        p_seeds: the p-value of the sign-flip test over seeds; None with fewer than 2 seeds, or ABX.
        p_corrected: p_seeds, or p_answers without it, corrected for all pairs and questions (Holm).
        more_answers: how many more answers detect a preference of 57 to 43 with 80% power at the level 5%.
        listeners: `chosen` and `answers` of each listener, by token.
        verdict: one sentence.
    """

    question: str
    a: str
    b: str
    chosen: int
    answers: int
    share: Score | None
    p_answers: float | None
    seeds: dict[str, float]
    over_seeds: Score | None
    p_seeds: float | None
    more_answers: int
    listeners: dict[str, tuple[int, int]]
    p_corrected: float | None = None
    verdict: str = ""

    @property
    def is_abx(self) -> bool:
        """Whether the question is ABX."""
        return self.question == "abx"

    @property
    def p(self) -> float | None:
        """The p-value that the verdict rests on, not corrected: over seeds where there are several."""
        return self.p_answers if self.p_seeds is None else self.p_seeds


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """The hidden repeats of one listener, or of all.

    Args:
        same: how many repeats got the answer of the first time.
        repeats: how many repeats were answered.
        share: their share with its exact 95% interval; chance gives one half; None without repeats.
    """

    same: int
    repeats: int
    share: Score | None


@dataclass(frozen=True, kw_only=True)
class BlindResults:
    """The results of a test.

    Args:
        pairs: one result for each question and pair.
        consistency: over all listeners.
        consistency_by_listener: by token.
        answered: how many trials have an answer, repeats included.
        trials: how many trials there are, repeats included.
    """

    pairs: list[PairResult]
    consistency: Consistency
    consistency_by_listener: dict[str, Consistency]
    answered: int
    trials: int

    def as_json(self) -> dict[str, Any]:
        """Return the results as a dict for JSON."""
        return asdict(self)


def results_of(trials: Sequence[TrialKey], answers: Mapping[str, Answers]) -> BlindResults:
    """Return the results of a test, or of one listener.

    Args:
        trials: what is behind each trial: the key of the test, or a listener's part of it.
        answers: the answers of each listener, by token.

    >>> results_of([], {}).trials
    0
    """
    counted = {token: found.counted for token, found in answers.items()}
    given = [
        CountedAnswer(key=key, choice=counted[key.listener][key.trial].choice)
        for key in trials
        if key.trial in counted.get(key.listener, {})
    ]
    new = [one for one in given if one.key.repeat_of is None]
    groups = dict.fromkeys((key.question, key.pair) for key in trials)
    found = [
        _pair(*group, [one for one in new if (one.key.question, one.key.pair) == group]) for group in groups
    ]
    tokens = dict.fromkeys(key.listener for key in trials)
    return BlindResults(
        pairs=_corrected(found),
        consistency=_consistency(given),
        consistency_by_listener={
            token: _consistency(one for one in given if one.key.listener == token) for token in tokens
        },
        answered=len(given),
        trials=len(trials),
    )


def _pair(question: str, pair: tuple[str, str], given: list[CountedAnswer]) -> PairResult:
    chosen, is_abx = sum(one.verdict for one in given), question == "abx"
    exact = binomial_test(chosen, len(given)) if given else None
    p_answers = None if exact is None else exact.above if is_abx else exact.two_sided
    seeds = {seed: counts[0] / counts[1] for seed, counts in _counts(given, by="seed").items()}
    several = len(seeds) > 1 and not is_abx
    shares = [share - 0.5 for share in seeds.values()]
    enough = several and len(seeds) >= min_seeds()
    over_seeds = mean_over_seeds(list(seeds.values())) if enough else None
    return PairResult(
        question=question,
        a=pair[0],
        b=pair[1],
        chosen=chosen,
        answers=len(given),
        share=binomial_interval(chosen, len(given)) if given else None,
        p_answers=p_answers,
        seeds=seeds,
        over_seeds=over_seeds
        and Score(over_seeds.value, max(0.0, over_seeds.low), min(1.0, over_seeds.high)),
        p_seeds=sign_flip_test(shares).two_sided if several else None,
        more_answers=max(0, answers_needed(AIMED_SHARE) - len(given)),
        listeners=_counts(given, by="listener"),
    )


def _counts(given: Iterable[CountedAnswer], *, by: str) -> dict[str, tuple[int, int]]:
    """Return how many answers chose the first arm (or were correct), and how many there are, by a field."""
    found: dict[str, tuple[int, int]] = {}
    for one in given:
        chosen, answers = found.get(getattr(one.key, by), (0, 0))
        found[getattr(one.key, by)] = chosen + one.verdict, answers + 1
    return dict(sorted(found.items()))


def _corrected(pairs: list[PairResult]) -> list[PairResult]:
    """Correct the p-values as one family, and add the sentences."""
    tested = [index for index, pair in enumerate(pairs) if pair.p is not None]
    values = holm_correction([p for pair in pairs if (p := pair.p) is not None])
    corrected = dict(zip(tested, values, strict=True))
    found = []
    for index, pair in enumerate(pairs):
        complete = replace(pair, p_corrected=corrected.get(index))
        sentence = abx_sentence(complete) if pair.is_abx else preference_sentence(complete)
        found.append(replace(complete, verdict=sentence))
    return found


def _consistency(given: Iterable[CountedAnswer]) -> Consistency:
    by_trial = {one.key.trial: one for one in given}
    pairs = [
        (one, by_trial[one.key.repeat_of])
        for one in by_trial.values()
        if one.key.repeat_of is not None and one.key.repeat_of in by_trial
    ]
    same = sum(one.verdict == first.verdict for one, first in pairs)
    return Consistency(
        same=same, repeats=len(pairs), share=binomial_interval(same, len(pairs)) if pairs else None
    )
