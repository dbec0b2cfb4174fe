"""Small networks with a condition, frames for them, and frames whose meaning is exact beyond their ends."""

import dataclasses

import numpy as np
import torch
from exact_sampling import peaked_model
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.models.conditioning.conditions import Conditions
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.frame_sources import FrameSource

LAYOUT = FrameLayout(hop_length=32, bands=6, labels=("a", "b"), sample_rate=2000)


def conditioned_model(config: WaveNetConfig, layout: FrameLayout = LAYOUT, seed: int = 0) -> WaveNet:
    """Return a model with peaked predictions that depend on the frames, and on the period, if it is known."""
    taps = 3 if layout.bands and layout.sample_rate else 0
    shape = dataclasses.replace(config, condition=layout, condition_channels=24, period_taps=taps)
    return peaked_model(shape, seed).requires_grad_(False)


def random_frames(clips: int, count: int, layout: FrameLayout = LAYOUT, seed: int = 0) -> NDArray[np.float32]:
    """Return random frames, (clips, count, columns), with pitches inside the range of a violin."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(0.0, 1.0, (clips, count, layout.columns)).astype(np.float32)
    if layout.bands:
        frames[..., layout.bands] = rng.uniform(50.0, 90.0, (clips, count))
        frames[..., layout.bands + 1] = rng.uniform(0.0, 1.0, (clips, count))
    return frames


def conditions_from(
    source: FrameSource, layout: FrameLayout, start: int, stop: int, clips: int
) -> Conditions:
    """Return the frames around the samples from `start` to `stop`, counted from the first drawn one."""
    first, last = start // layout.hop_length - 4, stop // layout.hop_length + 5
    frames = torch.from_numpy(source.frames(first, last))
    frames = frames.repeat_interleave(clips // len(frames), 0)
    return Conditions(frames, torch.full((clips,), start - first * layout.hop_length))
