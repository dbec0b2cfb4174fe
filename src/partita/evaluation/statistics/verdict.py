"""One word about arm a against arm b. It knows p-values and intervals' limits, not where they come from."""

from typing import Literal

from partita.evaluation.statistics.seed_interval import LEVEL

Verdict = Literal["better", "worse", "equal", "undecided"]
Direction = Literal["lower", "higher"]


def verdict(difference: float, *, better: Direction, p: float | None, p_equal: float | None) -> Verdict:
    """Return what has been shown about a, given the difference a - b of a score.

    `equal` where the difference was shown to lie within the margin, even if it was also shown not to be zero:
    a margin says what does not matter. `undecided` is what remains, and no weaker word for equal.

    Args:
        difference: the mean of a - b.
        better: which way the score is better.
        p: of "there is no difference", corrected for other comparisons; None where nothing can be tested.
        p_equal: of "the difference is outside the margin", corrected likewise.

    >>> verdict(-0.1, better="lower", p=0.03, p_equal=0.9), verdict(-0.1, better="higher", p=0.03, p_equal=0.9)
    ('better', 'worse')
    >>> verdict(-0.1, better="lower", p=0.03, p_equal=0.02), verdict(-0.1, better="lower", p=0.3, p_equal=0.9)
    ('equal', 'undecided')
    """
    if p_equal is not None and p_equal <= LEVEL:
        return "equal"
    if p is None or p > LEVEL:
        return "undecided"
    return "better" if (difference < 0) == (better == "lower") else "worse"
