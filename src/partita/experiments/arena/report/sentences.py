"""What an arena found, in three sentences: what it is, how the clips sound, and what to do next."""

from collections.abc import Mapping
from typing import Any

from partita.experiments.arena.comparisons import CONTROL

LEARNED = "learned"  # the family of arms with a learned reward

Scores = Mapping[str, Any]


def sentences(scores: Scores) -> tuple[str, str, str]:
    """Return the three sentences with which the page begins, in a musician's words.

    Args:
        scores: the content of `scores.json`.
    """
    arms = ", ".join(scores["arms"])
    count = len(scores["arms"])
    ways = f"{count} ways of training ({arms})" if count > 1 else f"one way of training ({arms})"
    return (
        f"This page tests {ways} where the right answer is known: the sound to learn from was drawn by a"
        " trained model, the teacher, so every distance from it can be computed.",
        _sound(scores),
        _next(scores),
    )


def best_arm(scores: Scores) -> str:
    """Return the arm whose sum of both divergences is least, or the first one if none has it."""
    arms: Mapping[str, Any] = scores["arms"]
    sums = {arm: float(found["kl_sum"]["value"]) for arm, found in arms.items() if "kl_sum" in found}
    return min(sums, key=lambda arm: sums[arm]) if sums else next(iter(arms))


def _sound(scores: Scores) -> str:
    """Return how near to the teacher the clips of the best arm and of likelihood are."""
    best = best_arm(scores)
    arms = [arm for arm in dict.fromkeys((CONTROL, best)) if "told_apart" in scores["arms"].get(arm, {})]
    if not arms:
        return f"The clips of {best} are nearest to the teacher’s; how far away is in the table of scores."
    shares = ", ".join(f"{arm} {scores['arms'][arm]['told_apart']['value']:.0%}" for arm in arms)
    return (
        f"The clips of {best} are nearest to the teacher’s; a simple program tells clips from the teacher’s"
        f" so often (50% is a guess): {shares}."
    )


def _next(scores: Scores) -> str:
    """Return what to do next, in one sentence."""
    winners = [
        pair["a"]
        for pair in scores["pairs"]
        if pair["family"] == LEARNED and pair["score"] == "kl_sum" and pair["verdict"] == "better"
    ]
    if winners:
        return f"Try {winners[0]} on recordings: it is better than {CONTROL} here, which may not hold there."
    return (
        f"Train with {CONTROL}: no learned reward was found better here; a comparison on recordings can ask"
        " again."
    )
