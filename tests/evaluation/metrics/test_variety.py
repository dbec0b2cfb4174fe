"""Copies are near the training sound, and clips that are all alike cover little."""

import numpy as np
import pytest
from melodies import RATE, melodies

from partita.errors import PartitaError
from partita.evaluation.metrics.variety import coverage, nearest, patches


def test_a_copy_is_nearer_to_the_training_sound_than_other_sound() -> None:
    known, held_out = list(melodies(6, 4.0, 0)), list(melodies(4, 3.0, 1))
    copies = [0.3 * sound[1000 : 1000 + 3 * RATE] for sound in known[:4]]
    copied, other = nearest(copies, known, RATE), nearest(held_out, known, RATE)
    assert copied.high < 0.6 * other.low


def test_the_level_does_not_count() -> None:
    sound = melodies(1, 2.0, 0)[0]
    np.testing.assert_allclose(patches(sound, RATE), patches(0.1 * sound, RATE), atol=1e-3)


def test_clips_cover_as_much_as_they_vary() -> None:
    real, other = list(melodies(8, 4.0, 0)), list(melodies(8, 4.0, 1))
    varied, alike = coverage(other, real, RATE), coverage([other[0][:RATE]] * 8, real, RATE)
    assert coverage(real, real, RATE).value == 1.0
    assert varied.low > alike.high
    assert varied.value > 0.6


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(PartitaError, match="half a second"):
        nearest([np.zeros(100)], [np.zeros(RATE)], RATE)
    with pytest.raises(PartitaError, match="too little sound"):
        coverage([np.zeros(RATE)], [np.zeros(RATE)], RATE)
