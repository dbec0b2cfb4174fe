"""Whether arms of equal time were trained under equal conditions: on a machine that was equally busy."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from partita.training.interleaved import TOLERANCE, unequal_shares

MIN_SEEDS_FOR_PACE = 3  # with fewer seeds the usual speed of an arm is unknown


def unequal_conditions(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return a warning for each seed under which the machine was busier while one arm trained than another.

    Two signs are checked under every seed: an arm got less processor time in its turns than another one; or
    an arm made fewer updates per second than under other seeds and another arm did not. The second sign also
    covers arms that were added later and did not train in turns with the others.

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
    return [*_unequal_machine_shares(timed), *_unequal_paces(timed)]


def _unequal_machine_shares(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Compare the arms' shares of the machine under each seed."""
    for number, seed in enumerate(_seeds(arms)):
        shares = {arm: results[number]["training"].get("machine_share") for arm, results in arms.items()}
        if warning := unequal_shares(shares):
            yield f"under the seed {seed} {warning}"


def _unequal_paces(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Compare each arm's updates per second under a seed with its own median over all seeds."""
    seeds = _seeds(arms)
    if len(seeds) < MIN_SEEDS_FOR_PACE:
        return
    paces = {arm: np.array([_pace(result) for result in results]) for arm, results in arms.items()}
    relative = {arm: pace / np.median(pace) for arm, pace in paces.items() if np.median(pace) > 0}
    for number, seed in enumerate(seeds):
        known = {arm: float(pace[number]) for arm, pace in relative.items()}
        slowest, fastest = min(known, key=lambda arm: known[arm]), max(known, key=lambda arm: known[arm])
        if known[fastest] > TOLERANCE * known[slowest]:
            yield (
                f"under the seed {seed} the machine was busy while {slowest} trained: it made"
                f" {known[slowest]:.0%} of its usual updates per second, {fastest} {known[fastest]:.0%}; the"
                " arms did not have equal time there"
            )


def _seeds(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[int]:
    return [result["seed"] for result in next(iter(arms.values()))] if len(arms) > 1 else []


def _pace(result: Mapping[str, Any]) -> float:
    """Return updates per second; 0 for an arm that was not trained."""
    training = result["training"]
    return training["steps"] / training["seconds"] if training["seconds"] else 0.0
