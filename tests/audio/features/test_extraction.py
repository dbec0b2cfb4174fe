"""Features of a whole sound, and those of a prompt that are the same whatever follows it."""

import numpy as np
import pytest

from partita.audio.features.extraction import features_before, features_of
from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError

RATE = 8000
LAYOUT = FrameLayout(hop_length=80, bands=12)


def tone(seconds: float, note: float = 69.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time)).astype(np.float32)


def test_a_tone_has_its_pitch_on_the_grid() -> None:
    features = features_of(tone(1.0, 72.0), sample_rate=RATE, layout=LAYOUT)
    assert features.shape == (101, 14)
    assert features.dtype == np.float32
    assert np.abs(features[10:-10, 12] - 72.0).max() <= 0.25
    assert features[10:-10, 13].min() > 0.5
    assert np.array_equal(features[:, :12] * 32, np.rint(features[:, :12] * 32))


def test_the_features_of_a_prompt_do_not_need_what_follows_it() -> None:
    sound = np.concatenate([tone(1.0), tone(1.0, 76.0)])
    for end in (8000, 8033):
        whole = features_of(sound[end % 80 :], sample_rate=RATE, layout=LAYOUT)
        known = features_before(sound[:end], sample_rate=RATE, layout=LAYOUT, most=1000)
        last = end // 80 - 2
        assert np.array_equal(known[:, :12], whole[last + 1 - len(known) : last + 1, :12])


def test_the_end_of_a_long_prompt_is_enough() -> None:
    sound = tone(2.0)
    long = features_before(sound, sample_rate=RATE, layout=LAYOUT, most=50)
    assert len(long) == 50
    short = features_before(sound[-53 * 80 :], sample_rate=RATE, layout=LAYOUT, most=50)
    assert np.array_equal(long, short)


@pytest.mark.parametrize(("samples", "frames"), [(160, 1), (240, 1), (320, 1), (400, 2)])
def test_a_short_prompt_has_the_frames_that_it_has_room_for(samples: int, frames: int) -> None:
    assert len(features_before(tone(1.0)[:samples], sample_rate=RATE, layout=LAYOUT, most=9)) == frames


def test_a_prompt_without_room_for_a_frame_is_refused() -> None:
    with pytest.raises(PartitaError, match="the prompt has 159 samples, must have at least 160"):
        features_before(tone(1.0)[:159], sample_rate=RATE, layout=LAYOUT, most=9)
