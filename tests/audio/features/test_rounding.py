"""Features are rounded to the nearest point of their grid."""

import numpy as np
import pytest

from partita.audio.features.layout import FrameLayout
from partita.audio.features.rounding import feature_steps, round_features

LAYOUT = FrameLayout(hop_length=160, bands=8, notes=True, labels=("digit=3",))


@pytest.mark.parametrize("columns", [LAYOUT.columns, LAYOUT.feature_columns])
def test_features_move_to_the_nearest_multiple_and_other_columns_stay(columns: int) -> None:
    frames = np.random.default_rng(0).normal(0, 30, (2, 50, columns)).astype(np.float32)
    before = frames.copy()
    rounded, steps = round_features(frames, LAYOUT), feature_steps(LAYOUT)
    assert rounded.dtype == np.float32 and np.array_equal(frames, before)
    features = rounded[..., :10]
    assert (features / steps == np.rint(features / steps)).all()
    assert (np.abs(features - frames[..., :10]) <= steps / 2 + 1e-6).all()
    assert np.array_equal(rounded[..., 10:], frames[..., 10:])
    assert np.array_equal(round_features(rounded, LAYOUT), rounded)


def test_a_layout_without_features_has_nothing_to_round() -> None:
    layout = FrameLayout(hop_length=160, labels=("a=1", "a=2"))
    frames = np.array([[0.3, 0.7]], dtype=np.float32)
    assert np.array_equal(round_features(frames, layout), frames)
    assert feature_steps(layout).shape == (0,)
