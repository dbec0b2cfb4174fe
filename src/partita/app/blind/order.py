"""The order of the trials that one listener gets: balanced, and random within the balance.

A pass has one trial for each pair of arms and each item (a prompt). It is made of rounds; each round has
every pair once, with different items where there are enough.

- Early and late: the second of two rounds has the pairs in the opposite order of the first, so over an even
  number of rounds all pairs, and therefore all arms, have the same mean position.
- Left and right: of two rounds, a pair has its first arm as A in one, and as B in the other.
- ABX: X is A in one of two rounds and B in the other; over four rounds each arm is X as often with each side.
- Listeners: every second listener gets the rounds of the one before in reverse, with all sides swapped. Over
  an even number of listeners every trial is left and right, and early and late, equally often.

Some trials of the first half are repeated in the second half with their sides swapped. This file knows
numbers only: no names, no sound and no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from partita.seeds import numpy_stream

LEAST_GAP = 3  # trials between a trial and its repeat, where the pass is long enough


@dataclass(frozen=True, kw_only=True)
class PlannedTrial:
    """One trial, by numbers.

    Args:
        pair: the number of the pair of arms.
        item: the number of the item.
        swapped: whether the pair's second arm is A; otherwise its first arm is A.
        x_is_a: whether X is A; only ABX trials have an X.
        repeat: whether this is a hidden repeat of an earlier trial.
    """

    pair: int
    item: int
    swapped: bool
    x_is_a: bool = True
    repeat: bool = False

    @property
    def mirrored(self) -> "PlannedTrial":
        """The same trial with its sides swapped; X stays the same arm."""
        return replace(self, swapped=not self.swapped, x_is_a=not self.x_is_a)


def plan_pass(
    *, pairs: int, items: int, repeats: int, seed: int, purpose: str, listener: int
) -> list[PlannedTrial]:
    """Return the trials of one pass in the order in which a listener gets them.

    Args:
        pairs: number of pairs of arms, positive.
        items: number of items, positive.
        repeats: number of hidden repeats, at most half of `pairs` times `items`.
        seed: the test's seed; whoever knows it can work out the order.
        purpose: the name of the pass, which selects the random stream.
        listener: the listener's number; the numbers 2m and 2m + 1 get opposite orders.

    >>> plan = plan_pass(pairs=1, items=4, repeats=0, seed=0, purpose="better", listener=0)
    >>> sorted(trial.item for trial in plan), sum(trial.swapped for trial in plan)
    ([0, 1, 2, 3], 2)
    """
    rng = numpy_stream(seed, f"blind/{purpose}/{listener // 2}")
    rounds = _rounds(pairs, items, rng)
    if listener % 2:
        rounds = [[trial.mirrored for trial in reversed(trials)] for trials in reversed(rounds)]
    trials = [trial for trials in rounds for trial in trials]
    return _with_repeats(trials, pairs, repeats, numpy_stream(seed, f"blind/{purpose}/repeats/{listener}"))


def _rounds(pairs: int, items: int, rng: np.random.Generator) -> list[list[PlannedTrial]]:
    """Return the rounds, each with every pair once."""
    order, shifts = rng.permutation(items), rng.permutation(max(items, pairs))[:pairs]
    sides = [_sides(items, rng) for _ in range(pairs)]
    rounds: list[list[PlannedTrial]] = []
    places = np.arange(pairs)
    for number in range(items):
        places = places[::-1] if number % 2 else rng.permutation(pairs)
        trials = []
        for pair in map(int, places):
            swapped, x_is_a = sides[pair][number]
            item = int(order[(number + shifts[pair]) % items])
            trials.append(PlannedTrial(pair=pair, item=item, swapped=swapped, x_is_a=x_is_a))
        rounds.append(trials)
    return rounds


def _sides(rounds: int, rng: np.random.Generator) -> list[tuple[bool, bool]]:
    """Return `swapped` and `x_is_a` of one pair in every round, in blocks of all four combinations.

    The two halves of a block differ in both, so both are balanced over each two rounds.
    """
    found: list[tuple[bool, bool]] = []
    while len(found) < rounds:
        first = bool(rng.integers(2)), bool(rng.integers(2))
        second = first[0], not first[1]
        for swapped, x_is_a in (first, second):
            found += [(swapped, x_is_a), (not swapped, not x_is_a)]
    return found[:rounds]


def _with_repeats(
    trials: list[PlannedTrial], pairs: int, repeats: int, rng: np.random.Generator
) -> list[PlannedTrial]:
    """Insert hidden repeats of trials of the first half at random places of the second half."""
    half = -(-len(trials) // 2)
    placed: list[tuple[float, PlannedTrial]] = [(float(place), trial) for place, trial in enumerate(trials)]
    for place in _chosen(trials[:half], pairs, repeats, rng):
        earliest = min(max(half, place + LEAST_GAP), len(trials) - 1)
        after = rng.uniform(earliest, len(trials))
        placed.append((float(after), replace(trials[place].mirrored, repeat=True)))
    return [trial for _, trial in sorted(placed, key=lambda pair: pair[0])]


def _chosen(trials: Sequence[PlannedTrial], pairs: int, repeats: int, rng: np.random.Generator) -> list[int]:
    """Return the places of the trials to repeat: as many of every pair as possible, otherwise random."""
    by_pair = [
        [place for place in rng.permutation(len(trials)) if trials[place].pair == pair]
        for pair in range(pairs)
    ]
    turns = [[by_pair[pair].pop() for pair in rng.permutation(pairs) if by_pair[pair]] for _ in trials]
    return [int(place) for turn in turns for place in turn][:repeats]
