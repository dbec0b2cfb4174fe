"""The seam is about 0 for real continuations, and grows with the break."""

import numpy as np
import pytest
from melodies import RATE, melodies

from partita.errors import PartitaError
from partita.evaluation.metrics.seam import changes, seam


def test_real_continuations_have_no_seam_and_others_have_one() -> None:
    sound = melodies(24, 3.1, 0)
    end = RATE + 999  # inside of a tone
    prompts, real = sound[:, :end], sound[:, end:]
    assert abs(seam(prompts, real, real, RATE).value) < 4
    other = seam(prompts, np.roll(real, 1, axis=0), real, RATE)
    silent = seam(prompts, 0 * real, real, RATE)
    assert 4 < other.low < other.value < silent.low


def test_the_seam_is_the_change_there_less_the_usual_one() -> None:
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.standard_normal((4, 4000))
    prompts, real = noise[:, :2000], noise[:, 2000:]
    length = RATE // 20
    places = np.arange(length, 4000 - length + 1, 2 * length)
    usual = np.mean([changes(row, places, RATE).mean() for row in noise])
    there = np.mean([changes(row, np.array([2000]), RATE)[0] for row in noise])
    assert seam(prompts, real, real, RATE).value == pytest.approx(there - usual)


def test_short_sound_is_refused() -> None:
    with pytest.raises(PartitaError, match=r"shorter than 0\.05 s"):
        seam(np.zeros((1, 300)), np.zeros((1, 4000)), np.zeros((1, 4000)), RATE)
