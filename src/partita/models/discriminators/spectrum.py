"""The short-time Fourier transform of waveforms, as spectral discriminators and the spectral norm see it."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

HOPS_PER_WINDOW = 4
POWER_FLOOR = 1e-6
"""Added to the power before the logarithm: the power of white noise at -60 dB below full scale."""


def unit_window(size: int) -> Float[Tensor, "size"]:
    """Return a Hann window of norm 1, with which white noise of variance s^2 has the power s^2 in every bin.

    >>> round(float(unit_window(8).square().sum()), 3)
    1.0
    """
    window = torch.hann_window(size)
    scaled: Tensor = window / window.norm()
    return scaled


def transform(waveform: Float[Tensor, "batch samples"], window: Float[Tensor, "size"]) -> Tensor:
    """Return the transform with a hop of a quarter of the window, padded so that frames cover all samples.

    Args:
        waveform: (batch, samples), at least one window long.
        window: (size,).

    Returns:
        (batch, frames, size // 2 + 1, 2): real and imaginary part.

    >>> transform(torch.zeros(3, 256), unit_window(64)).shape
    torch.Size([3, 16, 33, 2])
    """
    size = len(window)
    hop = size // HOPS_PER_WINDOW
    before = (size - hop) // 2
    padded = functional.pad(waveform, (before, size - hop - before))
    spectrum = torch.stft(padded, size, hop, window=window, center=False, return_complex=True)
    return torch.view_as_real(spectrum.transpose(1, 2))


def log_magnitude(spectrum: Tensor) -> Tensor:
    """Return ln(1 + |X|^2 / floor) / 2 of a transform, without its last axis.

    >>> log_magnitude(torch.zeros(1, 2, 3, 2)).shape
    torch.Size([1, 2, 3])
    """
    return torch.log1p(spectrum.square().sum(-1) / POWER_FLOOR) / 2
