"""Arms of equal time: a busy machine is named, and a quiet one is not."""

from typing import Any

import numpy as np

from partita.experiments.arena.fairness import BUSY, unequal_conditions


def results(paces: list[float], shares: list[float | None] | None = None) -> list[dict[str, Any]]:
    found = []
    for seed, pace in enumerate(paces):
        training: dict[str, Any] = {"steps": round(60 * pace), "seconds": 60.0}
        if shares is not None and shares[seed] is not None:
            training["machine_share"] = shares[seed]
        found.append({"seed": seed, "training": training})
    return found


def test_a_quiet_machine_and_one_that_is_busy_for_all_are_not_named() -> None:
    noise = np.random.default_rng(0).normal(1.0, 0.02, (2, 8))
    load = np.array([1.0, 1.0, 0.4, 1.0, 0.7, 1.0, 1.0, 0.5])
    for under in (1.0, load):
        one, other = noise * under
        assert (
            unequal_conditions({"likelihood": results(list(8 * one)), "report": results(list(3 * other))})
            == []
        )


def test_a_machine_that_was_busy_for_one_arm_is_named() -> None:
    """79 and 77 updates, where 96 and 66 would have been fair."""
    one, other = [1.6, 79 / 60, 1.6, 1.6], [1.1, 77 / 60, 1.1, 1.1]
    (said,) = unequal_conditions({"likelihood": results(one), "report": results(other)})
    assert said.startswith(f"under the seed 1 {BUSY} likelihood trained: it made 82% of its usual updates")


def test_shares_of_the_machine_are_compared_under_each_seed() -> None:
    arms = {
        "likelihood": results([8.0, 8.0], [0.98, 0.97]),
        "report": results([3.0, 3.0], [0.96, 0.61]),
        "start": [{"seed": seed, "training": {"steps": 0, "seconds": 0.0}} for seed in (0, 1)],
    }
    (said,) = unequal_conditions(arms)
    assert said.startswith(f"under the seed 1 {BUSY} report trained: it got 61% of the processor time")
    assert unequal_conditions({"report": arms["report"]}) == []
