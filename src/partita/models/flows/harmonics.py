"""Sines and cosines at the multiples of the pitch of given features.

    omega[t] = 2 pi 440 / sample_rate * 2^((p[t] - 69) / 12),   phi[t] = phi[t - 1] + omega[t]
    e[t]     = v[t] (cos phi[t], sin phi[t], cos 2 phi[t], sin 2 phi[t], ...)

p is the pitch, a MIDI note number, and v the periodicity, both interpolated between frames and held for
`HOLD` samples. Multiples above `HIGHEST` of the sample rate are left out. This file does not know networks.

Source: Wang et al. 2019, "Neural source-filter-based waveform model", section II-B, whose source has sines
too; Engel et al. 2020, DDSP, section 3.2.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from partita.audio.features.layout import HOLD, FrameLayout
from partita.models.conditioning.conditions import Conditions, block_weights

HIGHEST = 0.45
"""The highest frequency, as a share of the sample rate."""


def harmonics(
    conditions: Conditions,
    layout: FrameLayout,
    *,
    samples: int,
    count: int,
    phase: Float[Tensor, " batch"],
) -> tuple[Float[Tensor, "batch samples columns"], Float[Tensor, "batch samples"]]:
    """Return the sines and cosines of consecutive samples, and the phase of each sample.

    Args:
        conditions: frames with a pitch, and where the first sample is.
        layout: the columns of the frames; has bands and a sample rate.
        samples: consecutive samples, from `conditions.start` on.
        count: multiples of the pitch, from 1.
        phase: of the sample before the first one, radians.

    Returns:
        (batch, samples, 2 * count) float32 in [-1, 1], and (batch, samples) float64 in [0, 2 pi).

    >>> layout = FrameLayout(hop_length=160, bands=3, sample_rate=16000)
    >>> frames = torch.tensor([0.0, 0.0, 0.0, 69.0, 1.0]).expand(1, 4, 5)
    >>> conditions = Conditions(frames, torch.tensor([0]))
    >>> sines, phases = harmonics(conditions, layout, samples=400, count=2, phase=torch.zeros(1))
    >>> sines.shape, round(float(phases[0, 199]) / (2 * math.pi), 3)  # after 5.5 periods of 440 Hz
    (torch.Size([1, 400, 4]), 0.5)
    """
    blocks = (samples + HOLD - 2) // HOLD + 1
    weights = block_weights(
        conditions.start, blocks=blocks, frames=conditions.frames.shape[1], hop_length=layout.hop_length
    )
    held = weights @ conditions.frames[..., layout.bands : layout.bands + 2]
    block = (conditions.start[:, None] % HOLD + torch.arange(samples, device=held.device)) // HOLD
    pitch, periodicity = held.gather(1, block[..., None].expand(-1, -1, 2)).unbind(-1)
    cycles = (440.0 / layout.sample_rate) * 2.0 ** ((pitch.double() - 69.0) / 12.0)
    turned = (phase.double()[:, None] / (2.0 * math.pi) + cycles.cumsum(1)) % 1.0
    phases = turned * (2.0 * math.pi)
    multiples = torch.arange(1, count + 1, device=held.device)
    angles = (turned[..., None] * multiples % 1.0).float() * (2.0 * math.pi)
    loudness = periodicity[..., None] * (cycles[..., None] * multiples < HIGHEST)
    sines = torch.stack([angles.cos() * loudness, angles.sin() * loudness], -1)
    return sines.flatten(2).float(), phases
