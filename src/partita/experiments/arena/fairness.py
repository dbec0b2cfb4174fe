"""Whether the machine was equally busy while arms of equal time trained, as far as their results tell.

Two signs are looked for under every seed: an arm that got less of the machine in its turns than another one,
and an arm that made fewer updates than it does under other seeds where another arm did not. The second also
finds arms that were not trained in turns with the others, since they were added later.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from partita.training.interleaved import TOLERANCE, unequal_shares

BUSY = "the machine was busy while"  # in every such warning
LEAST_SEEDS = 3  # of fewer nothing says what is usual


def unequal_conditions(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return a warning for each seed under which the machine was busier while one arm trained.

    Args:
        arms: the results of each arm, with the same seeds in the same order.

    >>> def result(seed, steps):
    ...     return {"seed": seed, "training": {"steps": steps, "seconds": 60.0}}
    >>> likelihood = [result(seed, 100) for seed in range(4)]
    >>> report = [result(seed, 30 if seed == 2 else 50) for seed in range(4)]
    >>> unequal_conditions({"likelihood": likelihood, "report": report})[0].split(":")[0]
    'under the seed 2 the machine was busy while report trained'
    """
    timed = {arm: results for arm, results in arms.items() if any(_pace(result) for result in results)}
    return [*_by_share(timed), *_by_pace(timed)]


def _by_share(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for number, seed in enumerate(_seeds(arms)):
        shares = {arm: results[number]["training"].get("machine_share") for arm, results in arms.items()}
        if words := unequal_shares(shares):
            yield f"under the seed {seed} {words}"


def _by_pace(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Compare each arm's updates a second under a seed with its own median over all seeds."""
    seeds = _seeds(arms)
    if len(seeds) < LEAST_SEEDS:
        return
    paces = {arm: np.array([_pace(result) for result in results]) for arm, results in arms.items()}
    relative = {arm: pace / np.median(pace) for arm, pace in paces.items() if np.median(pace) > 0}
    for number, seed in enumerate(seeds):
        known = {arm: float(pace[number]) for arm, pace in relative.items()}
        least, most = min(known, key=lambda arm: known[arm]), max(known, key=lambda arm: known[arm])
        if known[most] > TOLERANCE * known[least]:
            yield (
                f"under the seed {seed} {BUSY} {least} trained: it made"
                f" {known[least]:.0%} of its usual updates a second, {most} {known[most]:.0%}; equal time was"
                " not equal there"
            )


def _seeds(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[int]:
    return [result["seed"] for result in next(iter(arms.values()))] if len(arms) > 1 else []


def _pace(result: Mapping[str, Any]) -> float:
    """Return updates a second; 0 of an arm that was not trained."""
    training = result["training"]
    return training["steps"] / training["seconds"] if training["seconds"] else 0.0
