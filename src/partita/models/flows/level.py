"""The level of sound with given log-mel bands, sample by sample.

The bands hold the power P_m of the sound in windows, so their sum, weighted by their widths, is its energy:

    level^2 = sum over m of b_m max(P_m - floor, 0) / sum over n of w[n]^2

b_m is the share of the frequencies in band m, w the window. Between two frames the logarithm is interpolated
linearly. This file does not know networks.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.audio.features.mel import FLOOR, SCALE, SHIFT, WINDOW_AT_16_KHZ, WINDOW_HOPS, band_corners
from partita.models.conditioning.conditions import Conditions, interpolated

SOFTEST = 1e-4
"""The least level: -80 dB."""


def frame_log_levels(frames: Float[Tensor, "... columns"], layout: FrameLayout) -> Float[Tensor, "..."]:
    """Return the natural logarithm of the level, the root mean square of the sound, at each frame.

    Args:
        frames: with bands first.
        layout: the columns of the frames; has bands and a sample rate.

    >>> layout = FrameLayout(hop_length=160, bands=32, sample_rate=16000)
    >>> round(frame_log_levels(torch.full((34,), -2.5), layout).exp().item(), 6)  # bands of silence
    0.0001
    """
    corners = band_corners(layout.sample_rate, layout.bands)
    shares = torch.from_numpy((corners[2:] - corners[:-2]) / layout.sample_rate).to(frames)
    length = WINDOW_HOPS * layout.hop_length
    window = 0.375 * WINDOW_AT_16_KHZ**2 / length  # the sum of the squares of a Hann window
    power = (torch.exp(SCALE * frames[..., : layout.bands] - SHIFT) - FLOOR).clamp(min=0.0)
    energy = (power * shares).sum(-1) / window
    return 0.5 * torch.log(energy.clamp(min=SOFTEST**2))


def levels(conditions: Conditions, layout: FrameLayout, *, samples: int) -> Float[Tensor, "batch samples"]:
    """Return the level of the sound at consecutive samples.

    Args:
        conditions: frames with bands, and where the first sample is.
        layout: the columns of the frames.
        samples: consecutive samples, from `conditions.start` on.
    """
    known = frame_log_levels(conditions.frames, layout)
    samples_after = torch.arange(samples, device=known.device)
    places = (conditions.start[:, None] + samples_after) / layout.hop_length
    return interpolated(known, places).exp()
