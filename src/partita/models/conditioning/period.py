"""The samples about one period earlier, which a network that is given the pitch can read.

A periodic sound repeats itself after a period, so the sample one period before the predicted one says much
about it. For a pitch p, a MIDI note number, the period in whole samples is

    P = round(sample_rate / 440 * 2^((69 - p) / 12)),

and the pitch is that of the frame nearest to the block of `HOLD` samples that the predicted one is in: it is
not interpolated, so that rounding is the same wherever it is computed. This file does not know networks.

Source: the pitch prediction of speech coders, which FARGAN (Valin et al. 2024) gives to a network.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from partita.audio.features.layout import HOLD, FrameLayout
from partita.models.conditioning.conditions import Conditions


def periods_of(
    pitch: Float[Tensor, "..."], periodicity: Float[Tensor, "..."], layout: FrameLayout, *, taps: int
) -> tuple[Int[Tensor, "..."], Float[Tensor, "..."]]:
    """Return periods in whole samples, and the share of the samples that are read one period earlier.

    All taps must be older than the sample that is predicted. A period that is too short for this is replaced
    by its smallest multiple that is long enough. The share is the periodicity, or 0 where the period is
    longer than the network can read.

    Args:
        pitch: MIDI note numbers.
        periodicity: 0 to 1.
        layout: of the frames, for the sample rate and the longest period.
        taps: neighbouring samples that are read, with the one that is one period earlier in the middle.

    >>> layout = FrameLayout(hop_length=160, bands=4, sample_rate=16000)
    >>> period, share = periods_of(torch.tensor([69.0, 110.0, 0.0]), torch.ones(3), layout, taps=5)
    >>> period.tolist(), share.tolist()
    ([36, 7, 266], [1.0, 1.0, 0.0])
    """
    exact = layout.sample_rate / 440.0 * 2.0 ** ((69.0 - pitch.double()) / 12.0)
    multiple = ((taps // 2 + 1.5) / exact).ceil().clamp(min=1.0)
    period = (multiple * exact).round()
    longest = layout.longest_period
    return period.clamp(max=longest).long(), torch.where(period > longest, 0.0, periodicity)


def nearest_frames(block: Int[Tensor, "..."], hop_length: int) -> Int[Tensor, "..."]:
    """Return the frames whose centres are nearest to those of blocks of `HOLD` samples.

    Args:
        block: numbers of blocks; sample 0 of block 0 is at the centre of frame 0. May be negative.
        hop_length: samples from one frame to the next.

    >>> nearest_frames(torch.tensor([-6, -5, 0, 4, 5]), 160).tolist()
    [-1, 0, 0, 0, 1]
    """
    return torch.div(2 * HOLD * block + HOLD - 1 + hop_length, 2 * hop_length, rounding_mode="floor")


def period_before(
    conditions: Conditions, layout: FrameLayout, *, samples: int, taps: int
) -> tuple[Int[Tensor, "batch samples"], Float[Tensor, "batch samples"]]:
    """Return the period, and the share of what is one period earlier, at consecutive samples.

    Args:
        conditions: frames, and where the first sample is.
        layout: of the frames, with bands and a sample rate.
        samples: consecutive samples, from `conditions.start` on.
        taps: as for `periods_of`.
    """
    frames = conditions.frames
    place = conditions.start[:, None] + torch.arange(samples, device=frames.device)
    nearest = nearest_frames(place // HOLD, layout.hop_length).clamp(0, frames.shape[1] - 1)
    pitch, periodicity = (
        frames[..., column].gather(1, nearest) for column in (layout.bands, layout.bands + 1)
    )
    return periods_of(pitch, periodicity, layout, taps=taps)
