"""A comparison in sentences: the verdict, the evidence, and the power of the test."""

from partita.evaluation.statistics.comparison import Comparison
from partita.evaluation.statistics.power import min_seeds
from partita.evaluation.statistics.seed_interval import LEVEL


def describe(found: Comparison) -> str:
    """Describe a comparison in two or three sentences, with numbers to three digits.

    Args:
        found: the comparison to describe.

    >>> from partita.evaluation.statistics.comparison import compare_pairs
    >>> arms = {"gumbel": dict(enumerate([1, 2, 1, 2, 1, 2])), "twin": dict(enumerate([3, 5, 3, 4, 4, 4]))}
    >>> found, = compare_pairs("kl", arms, [("gumbel", "twin")], better="lower")
    >>> print(describe(found))  # doctest: +NORMALIZE_WHITESPACE
    gumbel is better than twin in kl: the difference is -2.33 (95% interval -3 to -2; 6 seeds,
    p = 0.0312). With these seeds a difference of 0.929 would be found four times in five; to find 0.464 as
    often takes about 12 seeds.
    """
    return f"{_finding(found)}: {_evidence(found)}. {_power(found)}".rstrip()


def _finding(found: Comparison) -> str:
    if found.verdict == "undecided":
        return f"Whether {found.a} is better or worse than {found.b} in {found.score} is undecided"
    if found.verdict == "equal":
        within = f" within {found.margin:.3g}" if found.margin else ""
        return f"{found.a} and {found.b} are equal in {found.score}{within}"
    return f"{found.a} is {found.verdict} than {found.b} in {found.score}"


def _evidence(found: Comparison) -> str:
    difference = f"the difference is {found.difference:.3g}"
    if found.p is None or found.p_corrected is None:
        return f"{difference} under the one seed"
    p = f"p = {found.p:.3g}"
    if found.comparisons > 1:
        p += f", corrected for {found.comparisons} comparisons {found.p_corrected:.3g}"
    interval = f"95% interval {found.low:.3g} to {found.high:.3g}; {len(found.seeds)} seeds, {p}"
    small = found.verdict == "equal" and found.p_corrected <= LEVEL
    return f"{difference} ({interval})" + (", there but too small to matter" if small else "")


def _power(found: Comparison) -> str:
    """Describe the detectable difference and the required seeds; empty if there is no spread."""
    tests = max(1, found.comparisons)
    fewest = min_seeds(LEVEL / tests)
    if len(found.seeds) < fewest:
        comparisons = f" for {tests} comparisons" if tests > 1 else ""
        return f"It takes at least {fewest} seeds{comparisons} to find any difference, however large."
    if not found.detectable or not found.aim:
        return ""
    within = f"With these seeds a difference of {found.detectable:.3g} would be found four times in five"
    if found.aim >= found.detectable:
        return f"{within}, which is finer than the margin asks for."
    return f"{within}; to find {found.aim:.3g} as often takes about {found.seeds_needed} seeds."
