"""The level that bands ask for is that of the sound that they were computed from."""

import numpy as np
import pytest
import torch

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.audio.features.mel import log_mel
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.level import frame_log_levels, levels


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("sound", ["noise", "sine"])
def test_the_level_of_known_sound(rate: int, sound: str) -> None:
    hop = hop_length_for(rate)
    layout = FrameLayout(hop_length=hop, bands=32, sample_rate=rate)
    time = np.arange(rate) / rate
    if sound == "noise":
        wave = 0.1 * np.random.default_rng(0).standard_normal(rate)
    else:
        wave = 0.1 * np.sqrt(2.0) * np.sin(2 * np.pi * 440.0 * time)
    bands = log_mel(wave, sample_rate=rate, hop_length=hop, bands=32)
    frames = torch.from_numpy(np.pad(bands, ((0, 0), (0, 2))))
    found = frame_log_levels(frames, layout).exp()[5:-5]
    assert abs(float(found.mean()) - 0.1) < 0.006


def test_between_frames_the_logarithm_is_interpolated() -> None:
    layout = FrameLayout(hop_length=160, bands=32, sample_rate=16000)
    frames = torch.full((1, 3, 34), 0.0)
    frames[0, 1] = 1.0
    known = frame_log_levels(frames, layout)[0]
    found = levels(Conditions(frames, torch.tensor([40])), layout, samples=400)[0].log()
    torch.testing.assert_close(found[120], known[1])
    torch.testing.assert_close(found[0], known[0] + 0.25 * (known[1] - known[0]))
    torch.testing.assert_close(found[399], known[2])  # after the last frame it stays
