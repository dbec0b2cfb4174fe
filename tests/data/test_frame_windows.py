"""Windows of frames hold each frame once an epoch, pad the end of segments, and resume bitwise."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitched_corpora import PitchedCorpus, noises, pitched_corpus

from partita.audio.features.layout import FrameLayout
from partita.data.augmentation import Augmentation
from partita.data.frame_windows import FrameBatch, FrameWindows, every_frame_window
from partita.data.frames import segment_frames
from partita.errors import PartitaError

LAYOUT = FrameLayout(hop_length=16, bands=6)


@pytest.fixture(scope="module")
def pitched(tmp_path_factory: pytest.TempPathFactory) -> PitchedCorpus:
    """A corpus of segments of 126, 32 and 1 frames."""
    return pitched_corpus(tmp_path_factory.mktemp("pitched") / "corpus", noises(2000, 500, 10))


def targets_of(batch: FrameBatch, whole: list[np.ndarray]) -> list[tuple[int, int]]:
    """Check that rows are stretches of segments; return the valid targets as (segment, frame)."""
    found = []
    for frames, valid in zip(batch.frames, batch.valid, strict=True):
        count = int(valid.sum())
        assert valid[:count].all() and count
        places = [
            (number, first)
            for number, segment in enumerate(whole)
            for first in range(len(segment) - count)
            if np.abs(segment[first : first + count + 1] - frames[: count + 1]).max() <= 1 / 16
        ]
        assert len(places) == 1
        number, first = places[0]
        rest = whole[number][np.minimum(first + np.arange(len(frames)), len(whole[number]) - 1)]
        assert np.abs(frames - rest).max() <= 1 / 16
        found += [(number, first + 1 + n) for n in range(count)]
    return found


@settings(max_examples=15)
@given(length=st.integers(4, 60), batch=st.integers(1, 4), seed=st.integers(0, 2))
def test_every_frame_but_the_first_of_a_segment_is_a_target_once(
    pitched: PitchedCorpus, length: int, batch: int, seed: int
) -> None:
    whole = [segment_frames(pitched, segment, LAYOUT) for segment in pitched.segments("train")]
    expected = [(number, frame) for number in range(3) for frame in range(1, len(whole[number]))]
    windows = FrameWindows(pitched, length=length, batch=batch, seed=seed, layout=LAYOUT)
    for _ in range(2):
        drawn = [windows.next() for _ in range(windows.batches_per_epoch)]
        assert sorted(place for one in drawn for place in targets_of(one, whole)) == expected
        assert {one.frames.shape[1:] for one in drawn} == {(length + 1, 8)}
    every = every_frame_window(pitched, "train", length=length, batch=batch, layout=LAYOUT)
    assert [place for one in every for place in targets_of(one, whole)] == expected


@pytest.mark.parametrize("stop", [0, 3, 17])
def test_an_augmented_stream_continues_bitwise(pitched: PitchedCorpus, stop: int) -> None:
    values: dict[str, Any] = {"length": 20, "batch": 3, "seed": 1, "layout": LAYOUT}
    values["augmentation"] = Augmentation()
    whole, resumed = FrameWindows(pitched, **values), FrameWindows(pitched, **values)
    for _ in range(stop):
        whole.next()
    resumed.restore(whole.state())
    for _ in range(20):
        a, b = whole.next(), resumed.next()
        assert np.array_equal(a.frames, b.frames) and np.array_equal(a.valid, b.valid)


def test_gain_lowers_all_bands_alike(pitched: PitchedCorpus) -> None:
    values: dict[str, Any] = {"length": 20, "batch": 8, "seed": 1, "layout": LAYOUT}
    softer = Augmentation(varispeed_semitones=0.0, gain_db=20.0, polarity=False)
    plain = FrameWindows(pitched, **values).next()
    soft = FrameWindows(pitched, **values, augmentation=softer).next()
    assert np.array_equal(plain.frames[..., 6:], soft.frames[..., 6:])
    change = (soft.frames - plain.frames)[:, :5, 3]
    assert change.max() <= 1 / 32 and change.min() < -0.3
    assert np.array_equal(plain.valid, soft.valid)


def test_a_state_of_other_windows_is_refused(pitched: PitchedCorpus) -> None:
    values: dict[str, Any] = {"length": 20, "batch": 3, "layout": LAYOUT}
    state = FrameWindows(pitched, **values, seed=1).state()
    with pytest.raises(PartitaError, match="`seed` of the windows is 2, was 1"):
        FrameWindows(pitched, **values, seed=2).restore(state)


@pytest.mark.parametrize("bad", [{"length": 0}, {"batch": 0}, {"split": "test"}])
def test_refuses(pitched: PitchedCorpus, bad: dict[str, Any]) -> None:
    values: dict[str, Any] = {"split": "train", "length": 8, "batch": 1, "seed": 0, "layout": LAYOUT}
    with pytest.raises(PartitaError, match=next(iter(bad))):
        FrameWindows(pitched, **{**values, **bad})
