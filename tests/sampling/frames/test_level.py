"""The slow loudness of drawn frames is pulled into the usual range of the training frames."""

import numpy as np
import pytest
import torch
from frames import GIVEN, PLAIN, frame_model, frames_of

from partita.audio.features.layout import LOWEST_NOTE
from partita.sampling.frames.loudness import (
    PULL,
    QUIET,
    SLOW_RATE,
    USUAL,
    at_loudness,
    loudness_of,
    slow_loudness,
    usual_levels,
)
from partita.sampling.frames.sampler import FrameSampler

HISTORY = frames_of(PLAIN, 1, 6).numpy()
ANY = torch.full((5,), -20.0), torch.full((5,), 200.0)


def drawn(levels: tuple[float, float], count: int, *, takes: int = 1, clips: int = 1) -> np.ndarray:
    model = frame_model()
    model.set_range(*ANY, levels=levels)
    sampler = FrameSampler(model, clips=clips, seed=4, history=HISTORY)
    return np.concatenate([sampler.take(count // takes) for _ in range(takes)], 1)


def test_the_slow_loudness_is_the_recursion() -> None:
    loudness = np.random.default_rng(0).normal(size=30)
    slow, expected = loudness[0], []
    for one in loudness:
        slow += SLOW_RATE * (one - slow)
        expected.append(slow)
    np.testing.assert_allclose(slow_loudness(loudness), expected)
    np.testing.assert_allclose(slow_loudness(loudness[10:], first=expected[9]), expected[10:])


def test_the_usual_range_holds_most_of_the_slow_loudness() -> None:
    bands = np.random.default_rng(1).normal(0, 0.5, (5000, 4)) + np.sin(np.arange(5000) / 400)[:, None]
    low, high = usual_levels(bands)
    slow = slow_loudness(loudness_of(bands))
    assert ((slow < low).mean(), (slow > high).mean()) == pytest.approx((USUAL[0], 1 - USUAL[1]), abs=0.01)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_frame_outside_the_usual_range_is_moved_by_a_tenth_of_the_difference(side: float) -> None:
    free = drawn((-np.inf, np.inf), 1)[0, 0, :3]
    slow = slow_loudness(loudness_of(HISTORY[0, 1:, :3]))[-1]
    wanted = slow + side * 2.0
    moved = drawn((wanted, np.inf) if side > 0 else (-np.inf, wanted), 1)[0, 0, :3]
    expected = at_loudness(free[None], loudness_of(free[None]) + PULL * (wanted - slow))[0]
    np.testing.assert_allclose(moved, expected, atol=1e-6)
    assert not np.array_equal(moved, free)


def test_frames_of_silence_are_not_raised_and_do_not_count() -> None:
    free = drawn((-np.inf, np.inf), 20)
    loudness = loudness_of(free[..., :3])
    np.testing.assert_array_equal(drawn((float(loudness.max()) + QUIET + 0.1, np.inf), 20), free)
    assert not np.array_equal(drawn((float(loudness.min()) + QUIET - 0.1, np.inf), 20), free)


def test_the_slow_loudness_moves_toward_the_range_and_nothing_is_moved_within_it() -> None:
    free = slow_loudness(loudness_of(drawn((-np.inf, np.inf), 600)[0, :, :3]))
    high = float(free[300:].min()) - 1.0
    pulled = slow_loudness(loudness_of(drawn((-np.inf, high), 600)[0, :, :3]))
    assert pulled[100:].mean() < free[100:].mean() - 0.3, "against the pull of a random network"
    wide = drawn((float(free.min()) - 1.0, float(free.max()) + 1.0), 600)
    np.testing.assert_array_equal(wide, drawn((-np.inf, np.inf), 600))


def test_the_level_does_not_depend_on_the_number_of_frames_drawn_at_once_or_on_other_clips() -> None:
    levels = (0.5, 0.6)
    np.testing.assert_array_equal(drawn(levels, 60), drawn(levels, 60, takes=6))
    np.testing.assert_array_equal(drawn(levels, 60), drawn(levels, 60, clips=3)[:1])


def test_silence_is_raised_where_a_note_is_given() -> None:
    # regression: two of eight clips from a score fell silent for seconds: silence was left alone
    quiet = np.zeros((1, 40, GIVEN.columns), np.float32)
    quiet[..., :3] = -2.4  # far below the usual range
    quiet[..., 3], quiet[..., 4] = 60.0, 1.0
    given = np.zeros((1, 30, GIVEN.columns - GIVEN.feature_columns), np.float32)
    rest = given.copy()
    given[..., 60 - LOWEST_NOTE] = 1.0
    model = frame_model(GIVEN)
    free, bounded = (-1e3, 1e3), (3.0, 3.5)
    for notes, moves in ((given, True), (rest, False)):
        drawn = []
        for levels in (free, bounded):
            model.set_range(*ANY, levels=levels)
            sampler = FrameSampler(model, seed=4, temperature=0.01, history=quiet, given=notes)
            drawn.append(loudness_of(sampler.take(2)[..., :3])[0, 1])  # the first one begins the level
        silent = drawn[0] < bounded[0] - QUIET
        assert silent
        assert (drawn[1] > drawn[0] + 0.1) == moves
