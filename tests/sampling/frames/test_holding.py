"""A note that has taken an unusual share of the last seconds becomes less likely, unless it is given."""

import numpy as np
import pytest
import torch
from frames import GIVEN, PLAIN, frame_model
from numpy.typing import NDArray

from partita.audio.features.layout import LOWEST_NOTE, FrameLayout
from partita.sampling.frames.holding import (
    BINS,
    HOLD_PENALTY,
    HOLD_RATE,
    USUAL_HOLD,
    hold_penalties,
    note_shares,
    pitch_bins,
    usual_hold,
)
from partita.sampling.frames.reference import reference_frames, values_given
from partita.sampling.frames.sampler import FrameSampler

NOTE = 60.0
ANY = torch.full((5,), -20.0), torch.full((5,), 200.0)


def held(
    layout: FrameLayout, count: int, *, pitch: float = NOTE, periodicity: float = 1.0
) -> NDArray[np.float32]:
    """Return frames of one note: (1, count, columns)."""
    frames = np.zeros((1, count, layout.columns), np.float32)
    frames[..., layout.bands], frames[..., layout.bands + 1] = pitch, periodicity
    return frames


def pitches(
    hold: float, history: NDArray[np.float32], *, clips: int = 400, **given: object
) -> NDArray[np.float32]:
    """Return the pitch of the first frame that many clips draw after a history."""
    layout = GIVEN if history.shape[2] == GIVEN.columns else PLAIN
    model = frame_model(layout)
    model.set_range(*ANY, hold=hold)
    sampler = FrameSampler(model, clips=clips, seed=2, history=history, **given)  # type: ignore[arg-type]
    return sampler.take(1)[:, 0, layout.bands]


def of_the_note(found: NDArray[np.float32], note: float = NOTE) -> float:
    """Return the share of pitches within half a semitone of a note, in any octave."""
    return float((np.abs((found - note + 6) % 12 - 6) <= 0.5).mean())


def test_shares_are_the_recursion() -> None:
    bins = pitch_bins(np.random.default_rng(0).uniform(50, 80, 90))
    share, expected = 0.0, []
    for one in bins:
        near = min(abs(one - 7), BINS - abs(one - 7)) <= 2
        share += HOLD_RATE * (near - share)
        expected.append(share)
    np.testing.assert_allclose(note_shares(bins, 7), expected)


def test_octaves_and_tuning_do_not_change_a_share() -> None:
    rng = np.random.default_rng(1)
    tune = np.repeat(rng.integers(50, 70, 40), rng.integers(20, 90, 40)).astype(float)
    octaves = 12.0 * rng.integers(-1, 2, len(tune))
    assert usual_hold(tune) == usual_hold(tune + octaves) == usual_hold(tune + 0.25)


def test_the_usual_share_is_a_quantile_of_the_shares_of_the_notes_played() -> None:
    tune = np.repeat(np.random.default_rng(2).integers(50, 70, 80), 40).astype(float)
    bins = pitch_bins(tune)
    own = [note_shares(bins[: i + 1], bin_)[-1] for i, bin_ in enumerate(bins)][300:]
    assert usual_hold(tune) == pytest.approx(np.quantile(own, USUAL_HOLD), abs=1e-4)


def test_only_an_unusual_share_is_penalised() -> None:
    past = np.full(400, NOTE)
    share = 1.0 - (1.0 - HOLD_RATE) ** 400
    candidates = np.array([NOTE, NOTE - 12, NOTE + 0.5, NOTE + 1, 66.0])
    penalty = HOLD_PENALTY * (share - 0.6)
    np.testing.assert_allclose(hold_penalties(past, candidates, 0.6), [penalty] * 3 + [0.0] * 2)
    assert not hold_penalties(past, candidates, share + 0.001).any()
    assert not hold_penalties(past[:0], candidates, 0.0).any()


@pytest.mark.parametrize("layout", [PLAIN, GIVEN], ids=["plain", "given"])
def test_the_compiled_sampler_lowers_what_the_reference_lowers(layout: FrameLayout) -> None:
    model = frame_model(layout)
    model.set_range(*ANY, hold=0.2)
    history = held(layout, 150)
    how = {"seed": 3, "temperature": 1.0}
    drawn = FrameSampler(model, clips=1, history=history, **how).take(60)  # type: ignore[arg-type]
    whole = np.concatenate([history, np.zeros((1, 60, layout.columns), np.float32)], 1)
    whole[:, 150:, : layout.feature_columns] = drawn
    model_frames = torch.from_numpy(whole)
    values = values_given(model, model_frames, count=60, **how)  # type: ignore[arg-type]
    np.testing.assert_allclose(drawn[..., layout.bands], values[..., layout.bands], atol=1 / 16)
    model.set_range(*ANY)
    others = values_given(model, model_frames, count=60, **how)  # type: ignore[arg-type]
    assert np.abs(others - values)[..., layout.bands].max() > 1.0


def test_the_loop_of_the_reference_draws_the_same_frames() -> None:
    model = frame_model(PLAIN)
    model.set_range(*ANY, hold=0.1)
    history = held(PLAIN, 100)
    slow = reference_frames(model, torch.from_numpy(history), count=5, seed=1)
    fast = FrameSampler(model, seed=1, history=history).take(5)
    np.testing.assert_allclose(fast, slow.numpy(), rtol=0, atol=1e-4)


def test_a_held_note_is_left_and_a_short_one_is_not() -> None:
    long, short = held(PLAIN, 1500), held(PLAIN, 40)
    assert of_the_note(pitches(1.0, long)) > 4 * of_the_note(pitches(0.2, long))
    np.testing.assert_array_equal(pitches(1.0, short), pitches(0.2, short))


def test_frames_without_a_pitch_do_not_count() -> None:
    silent = held(PLAIN, 1500, periodicity=0.2)
    np.testing.assert_array_equal(pitches(1.0, silent), pitches(0.1, silent))


def test_a_note_that_is_given_may_be_held() -> None:
    given = np.zeros((1, 1, GIVEN.columns - GIVEN.feature_columns), np.float32)
    long = held(GIVEN, 1500)
    assert not np.array_equal(pitches(1.0, long, given=given), pitches(0.2, long, given=given))
    given[..., int(NOTE) - LOWEST_NOTE] = 1.0
    np.testing.assert_array_equal(pitches(1.0, long, given=given), pitches(0.2, long, given=given))


def test_frames_drawn_in_parts_are_the_same() -> None:
    model = frame_model(PLAIN)
    model.set_range(*ANY, hold=0.05)
    whole = FrameSampler(model, seed=4).take(90)
    parts = FrameSampler(model, seed=4)
    np.testing.assert_array_equal(whole, np.concatenate([parts.take(30) for _ in range(3)], 1))
