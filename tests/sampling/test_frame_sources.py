"""Frames are numbered from the first drawn sample, whether they are given or drawn."""

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.sampling.frame_sources import KEPT, DrawnFrames, GivenFrames


class Counting:
    """Draws frames that contain their clip's number and their own."""

    def __init__(self, clips: int) -> None:
        self.clips, self.taken = clips, 0

    def take(self, count: int) -> np.ndarray:
        numbers = np.arange(self.taken, self.taken + count, dtype=np.float32)
        self.taken += count
        clips = np.arange(self.clips, dtype=np.float32)
        return np.stack(np.broadcast_arrays(clips[:, None], numbers), 2)


@pytest.mark.parametrize("split", [1, 3, 50])
def test_drawn_frames_follow_the_prompt(split: int) -> None:
    prompt = np.full((2, 5, 2), -1.0)
    prompt[:, 0] = -9.0
    source = DrawnFrames(Counting(2), prompt=prompt)
    parts = [source.frames(start, start + split) for start in range(-50, 100, split)]
    found = np.concatenate(parts, 1)[:, :150]
    assert (found[:, :46] == -9.0).all()
    assert (found[:, 46:50] == -1.0).all()
    assert (found[:, 50:] == Counting(2).take(100)).all()


def test_only_needed_frames_are_drawn() -> None:
    sampler = Counting(1)
    source = DrawnFrames(sampler)
    assert sampler.taken == 1
    assert (source.frames(-4, 3)[0, :, 1] == [0, 0, 0, 0, 0, 1, 2]).all()
    assert sampler.taken == 3
    source.frames(0, 3)
    assert sampler.taken == 3


def test_memory_is_bounded_and_recent_frames_are_kept() -> None:
    source = DrawnFrames(Counting(2))
    for start in range(0, 3000, 10):
        source.frames(start, start + 14)
    assert source._kept.shape[1] < KEPT + 100
    assert (source.frames(2900, 2910)[1, :, 1] == np.arange(2900, 2910)).all()
    with pytest.raises(PartitaError, match="was dropped"):
        source.frames(0, 10)


def test_given_columns_follow_the_drawn_ones() -> None:
    given = GivenFrames(np.full((1, 3, 4), 5.0))
    found = DrawnFrames(Counting(2), given=given).frames(0, 6)
    assert found.shape == (2, 6, 6)
    assert (found[..., 2:] == 5.0).all()
    assert found.dtype == np.float32


@pytest.mark.parametrize("shape", [(3,), (2, 0, 4), (0, 2, 4), (2, 3)])
def test_given_frames_that_are_no_frames(shape: tuple[int, ...]) -> None:
    with pytest.raises(PartitaError, match="shape"):
        GivenFrames(np.zeros(shape))
