"""The verdict on a pair of arms: better, worse, equal or undecided."""

from typing import Literal

from partita.evaluation.statistics.seed_interval import LEVEL

Verdict = Literal["better", "worse", "equal", "undecided"]
Direction = Literal["lower", "higher"]


def verdict(difference: float, *, better: Direction, p: float | None, p_equal: float | None) -> Verdict:
    """Return the verdict on arm a in comparison with arm b.

    The verdict is `equal` if the equivalence test is significant, even if the difference is significant, too.
    Otherwise it is `better` or `worse` if the difference is significant. It is `undecided` if neither test is
    significant; this is not evidence for equality.

    Args:
        difference: mean of a - b.
        better: the direction in which the score is better.
        p: corrected p-value of "there is no difference"; None if no test is possible.
        p_equal: corrected p-value of "the difference is outside the margin"; None if no test is possible.

    >>> verdict(-0.1, better="lower", p=0.03, p_equal=0.9)
    'better'
    >>> verdict(-0.1, better="higher", p=0.03, p_equal=0.9)
    'worse'
    >>> verdict(-0.1, better="lower", p=0.03, p_equal=0.02)
    'equal'
    >>> verdict(-0.1, better="lower", p=0.3, p_equal=0.9)
    'undecided'
    """
    if p_equal is not None and p_equal <= LEVEL:
        return "equal"
    if p is None or p > LEVEL:
        return "undecided"
    return "better" if (difference < 0) == (better == "lower") else "worse"
