"""Sines and cosines at the multiples of the pitch of given features.

    omega[t] = 2 pi 440 / sample_rate * 2^((p[t] - 69) / 12),   phi[t] = phi[t - 1] + omega[t]
    e[t]     = v[t] (cos phi[t], sin phi[t], cos 2 phi[t], sin 2 phi[t], ...)

p is the pitch, a MIDI note number, and v the periodicity, both interpolated between frames and held for
`HOLD` samples. Multiples above `HIGHEST` of the sample rate are left out. This file does not know networks.

Source: Wang et al. 2019, "Neural source-filter-based waveform model", section II-B, whose source has sines
too; Engel et al. 2020, DDSP, section 3.2.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from partita.audio.features.layout import HOLD, FrameLayout
from partita.models.conditioning.conditions import Conditions, interpolated

HIGHEST = 0.45
"""The highest frequency, as a share of the sample rate."""


class Turns(NamedTuple):
    """The pitch of consecutive samples as turns of a circle."""

    done: Float[Tensor, "batch samples"]
    """float64 in [0, 1): the phase of the first multiple, in turns."""
    each: Float[Tensor, "batch samples"]
    """float64: turns in one sample."""
    periodicity: Float[Tensor, "batch samples"]


def turns(
    conditions: Conditions, layout: FrameLayout, *, samples: int, before: Float[Tensor, " batch"]
) -> Turns:
    """Return the turns of consecutive samples.

    Args:
        conditions: frames with a pitch, and where the first sample is.
        layout: the columns of the frames; has bands and a sample rate.
        samples: consecutive samples, from `conditions.start` on.
        before: the phase of the sample before the first one, in turns.

    >>> layout = FrameLayout(hop_length=160, bands=3, sample_rate=16000)
    >>> frames = torch.tensor([0.0, 0.0, 0.0, 69.0, 1.0]).expand(1, 4, 5)
    >>> found = turns(Conditions(frames, torch.tensor([0])), layout, samples=200, before=torch.zeros(1))
    >>> round(float(found.done[0, 199]), 3)  # after 5.5 periods of 440 Hz
    0.5
    """
    samples_after = torch.arange(samples, device=conditions.frames.device)
    block = (conditions.start[:, None] + samples_after) // HOLD
    places = (HOLD * block + (HOLD - 1) / 2) / layout.hop_length
    known = conditions.frames[..., layout.bands : layout.bands + 2].double()
    pitch, periodicity = interpolated(known, places).unbind(-1)
    each = (440.0 / layout.sample_rate) * torch.exp2((pitch - 69.0) / 12.0)
    return Turns((before.double()[:, None] + each.cumsum(1)) % 1.0, each, periodicity)


def harmonics(found: Turns, count: int) -> Float[Tensor, "batch samples columns"]:
    """Return the sines and cosines at multiples of the pitch.

    Args:
        found: the turns of the samples.
        count: multiples of the pitch, from 1.

    Returns:
        (batch, samples, 2 * count) float32 in [-1, 1].

    >>> quarter = torch.tensor([[0.25]]).double()
    >>> harmonics(Turns(quarter, 0.1 * quarter, torch.ones(1, 1)), 2).round().tolist()
    [[[-0.0, 1.0, -1.0, -0.0]]]
    """
    angle = (2.0 * math.pi * found.done).float()
    step = torch.polar(torch.ones_like(angle), angle)
    multiple, columns = found.periodicity.float() * step, []
    for number in range(1, count + 1):
        columns.append(torch.where(found.each * number < HIGHEST, multiple, 0.0))
        multiple = multiple * step
    return torch.view_as_real(torch.stack(columns, -1)).flatten(2)
