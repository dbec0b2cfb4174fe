"""Frames that follow a line: its pitch and periodicity, and drawn bands with its loudness."""

import numpy as np
import pytest
from frames import PLAIN, frame_model, frames_of

from partita.errors import PartitaError
from partita.sampling.frames.loudness import at_loudness, loudness_of
from partita.sampling.frames.sampler import FrameSampler

HISTORY = frames_of(PLAIN, 1, 4).numpy()
LINE = np.array([[60.0, 0.75, -1.0], [62.5, 1.0, 0.5], [64.0625, 0.0, -4.0]], np.float32)


def draw(line: np.ndarray | None, count: int, *, clips: int = 2, seed: int = 0) -> np.ndarray:
    return FrameSampler(frame_model(), clips=clips, seed=seed, history=HISTORY, line=line).take(count)


def test_pitch_and_periodicity_are_the_lines_and_bands_differ_between_clips() -> None:
    drawn = draw(LINE, 3)
    for clip in drawn:
        np.testing.assert_array_equal(clip[:, 3:], LINE[:, :2])
    assert not np.array_equal(drawn[0], drawn[1])
    loudness = loudness_of(drawn[..., :3]) - LINE[:, 2]
    assert np.abs(loudness[0]).max() < 0.1
    assert loudness.max() < 0.1, "soft bands are raised by `MOST_GAIN` at most"


def test_the_first_frames_bands_are_those_of_a_free_loudness_at_the_loudness_of_the_line() -> None:
    free = LINE.copy()
    free[:, 2] = np.nan
    np.testing.assert_array_equal(
        draw(LINE, 1)[:, 0, :3], at_loudness(draw(free, 1)[:, 0, :3], np.array([-1.0, -1.0]))
    )


def test_the_line_is_the_past_of_the_frames_after_it() -> None:
    other = LINE.copy()
    other[:, 0] += 5.0
    assert not np.array_equal(draw(LINE, 8)[:, 3:], draw(other, 8)[:, 3:])
    np.testing.assert_array_equal(draw(np.full((9, 3), np.nan), 8), draw(None, 8))


def test_frames_do_not_depend_on_how_many_are_drawn_at_once() -> None:
    sampler = FrameSampler(frame_model(), clips=2, history=HISTORY, line=LINE)
    pieces = [sampler.take(count) for count in (1, 0, 4, 2)]
    np.testing.assert_array_equal(np.concatenate(pieces, 1), draw(LINE, 7))
    np.testing.assert_array_equal(draw(LINE, 7, clips=1), draw(LINE, 7)[:1])


def test_a_line_of_another_shape_is_refused() -> None:
    with pytest.raises(PartitaError, match=r"`line` has the shape \(4,\)"):
        draw(np.zeros(4), 1)
