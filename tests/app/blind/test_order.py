"""The order of trials: exact balance of sides, positions, X and listeners, and hidden repeats."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.app.blind.order import LEAST_GAP, PlannedTrial, plan_pass

PAIRS, ITEMS, SEEDS = st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**128)


def plan(pairs: int, items: int, seed: int, *, listener: int = 0, repeats: int = 0) -> list[PlannedTrial]:
    return plan_pass(
        pairs=pairs, items=items, repeats=repeats, seed=seed, purpose="better", listener=listener
    )


@given(PAIRS, ITEMS, SEEDS)
def test_every_pair_meets_every_item_once(pairs: int, items: int, seed: int) -> None:
    found = Counter((trial.pair, trial.item) for trial in plan(pairs, items, seed))
    assert found == {(pair, item): 1 for pair in range(pairs) for item in range(items)}


@given(PAIRS, st.integers(1, 6), SEEDS)
def test_over_an_even_number_of_rounds_sides_and_positions_are_balanced_exactly(
    pairs: int, half: int, seed: int
) -> None:
    trials = plan(pairs, 2 * half, seed)
    for pair in range(pairs):
        own = [(place, trial) for place, trial in enumerate(trials) if trial.pair == pair]
        assert sum(trial.swapped for _, trial in own) == half
        assert sum(trial.x_is_a for _, trial in own) == half
        assert 2 * sum(place for place, _ in own) == len(own) * (len(trials) - 1)  # the same mean position


@given(PAIRS, ITEMS, SEEDS)
def test_over_an_odd_number_of_rounds_sides_differ_by_one_at_most(pairs: int, items: int, seed: int) -> None:
    trials = plan(pairs, items, seed)
    for pair in range(pairs):
        swapped = sum(trial.swapped for trial in trials if trial.pair == pair)
        assert abs(2 * swapped - items) <= 1


@given(PAIRS, st.integers(1, 3), SEEDS)
def test_over_four_rounds_each_arm_is_x_equally_often_on_each_side(
    pairs: int, blocks: int, seed: int
) -> None:
    trials = plan(pairs, 4 * blocks, seed)
    for pair in range(pairs):
        combinations = Counter((trial.swapped, trial.x_is_a) for trial in trials if trial.pair == pair)
        assert set(combinations.values()) == {blocks} and len(combinations) == 4


@given(PAIRS, ITEMS, SEEDS, st.integers(0, 5))
def test_two_listeners_get_opposite_sides_and_opposite_orders(
    pairs: int, items: int, seed: int, couple: int
) -> None:
    one, other = (plan(pairs, items, seed, listener=2 * couple + number) for number in (0, 1))
    assert [trial.mirrored for trial in reversed(one)] == other


def test_the_side_tells_nothing_of_the_position() -> None:
    """In each half of a pass, each pair is swapped as often as not."""
    for seed in range(20):
        trials = plan(3, 8, seed)
        for half in (trials[:12], trials[12:]):
            assert Counter((trial.pair, trial.swapped) for trial in half) == {
                (pair, swapped): 2 for pair in range(3) for swapped in (False, True)
            }


@given(PAIRS, ITEMS, SEEDS, st.data())
def test_repeats_come_later_with_their_sides_swapped_and_leave_the_order_alone(
    pairs: int, items: int, seed: int, data: st.DataObject
) -> None:
    repeats = data.draw(st.integers(0, -(-pairs * items // 2)))
    trials = plan(pairs, items, seed, repeats=repeats)
    assert [trial for trial in trials if not trial.repeat] == plan(pairs, items, seed)
    repeated = [(place, trial) for place, trial in enumerate(trials) if trial.repeat]
    assert len(repeated) == repeats
    for place, trial in repeated:
        first = next(
            number for number, one in enumerate(trials) if (one.pair, one.item) == (trial.pair, trial.item)
        )
        assert first < place and trials[first].swapped != trial.swapped
        if pairs * items >= 2 * LEAST_GAP + 2:
            assert place - first > LEAST_GAP


def test_repeats_are_spread_over_the_pairs() -> None:
    trials = plan(3, 10, 5, repeats=6)
    assert Counter(trial.pair for trial in trials if trial.repeat) == {0: 2, 1: 2, 2: 2}


def test_the_order_is_a_function_of_the_seed_and_differs_by_listener_and_pass() -> None:
    assert plan(3, 6, 1) == plan(3, 6, 1)
    assert plan(3, 6, 1) != plan(3, 6, 2) != plan(3, 6, 2, listener=2)
    other = plan_pass(pairs=3, items=6, repeats=0, seed=1, purpose="abx", listener=0)
    assert plan(3, 6, 1) != other


def test_over_many_seeds_each_trial_is_anywhere_on_either_side() -> None:
    places, sides = np.zeros(12), 0
    for seed in range(600):
        trials = plan(2, 6, seed)
        place = next(number for number, one in enumerate(trials) if (one.pair, one.item) == (0, 0))
        places[place] += 1
        sides += trials[place].swapped
    assert sides == pytest.approx(300, abs=50)
    assert places.min() > 25 and places.max() < 80  # 50 expected, standard deviation 7
