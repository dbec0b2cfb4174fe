"""The verdict on a pair of arms as one sentence. This file computes no statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita.evaluation.statistics.power import min_seeds
from partita.evaluation.statistics.seed_interval import LEVEL

if TYPE_CHECKING:
    from partita.app.blind.results import PairResult
    from partita.evaluation.statistics.scores import Score

VERBS = {
    "better": "was preferred to",
    "real": "was taken for a real recording more often than",
    "prompt": "was said to fit the prompt better than",
}


def preference_sentence(pair: PairResult) -> str:
    """Return what listeners preferred, how sure that is, and for what it holds.

    Args:
        pair: the result, with its corrected p-value.
    """
    if pair.share is None or pair.p_corrected is None:
        return f"There is no answer yet on {pair.a} and {pair.b}."
    if pair.p_corrected > LEVEL:
        return f"No preference between {pair.a} and {pair.b} is shown: {_undecided(pair)}."
    share = pair.share if pair.over_seeds is None else pair.over_seeds
    first_won = share.value > 0.5
    winner, loser = (pair.a, pair.b) if first_won else (pair.b, pair.a)
    chosen = pair.chosen if first_won else pair.answers - pair.chosen
    counted = f"in {chosen} of {pair.answers} answers"
    interval = _interval(share if first_won else type(share)(1 - share.value, 1 - share.high, 1 - share.low))
    return f"{winner} {VERBS[pair.question]} {loser} {counted} ({interval}; {_p(pair)}){_scope(pair)}."


def abx_sentence(pair: PairResult) -> str:
    """Return whether listeners can tell two arms apart.

    Args:
        pair: the result, with its corrected p-value.
    """
    if pair.share is None or pair.p_corrected is None:
        return f"There is no answer yet on whether {pair.a} and {pair.b} can be told apart."
    counted = f"{pair.chosen} of {pair.answers} answers were correct ({_interval(pair.share)}; {_p(pair)})"
    if pair.p_corrected > LEVEL:
        return f"It is not shown that {pair.a} and {pair.b} can be told apart: {counted}."
    return f"{pair.a} and {pair.b} can be told apart: {counted}."


def _undecided(pair: PairResult) -> str:
    assert pair.share is not None
    share = pair.share if pair.over_seeds is None else pair.over_seeds
    counted = (
        f"{pair.a} was chosen in {pair.chosen} of {pair.answers} answers ({_interval(share)}; {_p(pair)})"
    )
    if pair.p_seeds is not None and len(pair.seeds) < min_seeds():
        return f"{counted}, and {len(pair.seeds)} seeds can't show one, at least {min_seeds()} are needed"
    if pair.more_answers:
        return f"{counted}; to detect a preference of 57 to 43, {pair.more_answers:,} more answers are needed"
    return counted


def _scope(pair: PairResult) -> str:
    if pair.p_seeds is None:
        return "; all clips are from one seed, so this does not say that another training sounds the same"
    return f", tested over {len(pair.seeds)} seeds"


def _interval(share: Score) -> str:
    return f"{share.value:.0%}, 95% interval {share.low:.0%} to {share.high:.0%}"


def _p(pair: PairResult) -> str:
    assert pair.p_corrected is not None
    return "p < 0.001" if pair.p_corrected < 0.001 else f"p = {pair.p_corrected:.2g}"
