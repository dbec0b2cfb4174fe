"""Noise on the past has the stated size; a change of level scales a window by at most the stated gain."""

import numpy as np
import torch

from partita.audio.quantizer import Quantizer
from partita.training.tiers.past_noise import PastNoise


def disturbed(classes: torch.Tensor, **how: float) -> torch.Tensor:
    settings = {"deviation": 0.0, "gain_db": 0.0} | how
    noise = PastNoise(
        Quantizer(),
        deviation=settings["deviation"],
        gain_db=settings["gain_db"],
        rng=torch.Generator().manual_seed(0),
    )
    return noise(classes)


def test_noise_has_another_deviation_in_each_window_and_stays_within_the_classes() -> None:
    moved = disturbed(torch.full((64, 200), 128), deviation=2.0)
    deviations = (moved - 128).float().std(1)
    assert 0.1 < float((deviations == 0).float().mean()) < 0.45
    assert 1.0 < float(deviations.mean()) < 3.0
    low = disturbed(torch.zeros(64, 50, dtype=torch.long), deviation=2.0)
    assert int(low.min()) == 0 < int(low.max())


def test_a_change_of_level_scales_a_whole_window() -> None:
    quantizer = Quantizer()
    wave = 0.3 * np.sin(np.arange(400) / 7.0)
    classes = torch.from_numpy(quantizer.encode(wave).astype(np.int64)).repeat(200, 1)
    moved = quantizer.decode(disturbed(classes, gain_db=6.0).numpy())
    gains_db = 20 * np.log10(np.abs(moved).max(1) / 0.3)
    assert -6.3 < gains_db.min() < -4.5 and 4.5 < gains_db.max() < 6.3
    assert 0.2 < float((np.abs(gains_db) < 0.3).mean()) < 0.4
    unit = moved / np.abs(moved).max(1, keepdims=True)
    np.testing.assert_allclose(unit, np.broadcast_to(wave / 0.3, unit.shape), atol=0.08)


def test_without_either_nothing_changes() -> None:
    classes = torch.arange(256)[None]
    assert torch.equal(disturbed(classes), classes)
