"""The spectral matching norm: a distance of the spectra of two waveforms of the same place."""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.models.discriminators.spectrum import log_magnitude, transform, unit_window

SIZES = (256, 512, 1024)
"""Windows, samples."""


def spectral_distance(
    real: Float[Tensor, "batch samples"], fake: Float[Tensor, "batch samples"]
) -> Float[Tensor, ""]:
    """Return the mean absolute difference of the log magnitudes, over several windows.

        mean over windows of E | ln(1 + |X|^2 / floor) - ln(1 + |G|^2 / floor) | / 2

    Phases do not matter. Sound that follows given features can be held against real sound with these
    features, where sample by sample it can't. Windows that are longer than the sound are left out.

    Args:
        real: (batch, samples), at least 256 samples; a target without a gradient.
        fake: (batch, samples); carries the gradient.

    Source: Yamamoto et al. 2020 (Parallel WaveGAN), equations 4 to 6, without the spectral convergence.

    >>> noise = torch.randn((2, 2048), generator=torch.Generator().manual_seed(0))
    >>> spectral_distance(noise, noise).item(), spectral_distance(noise, 0.5 * noise).item() > 0.5
    (0.0, True)
    """
    sizes = [size for size in SIZES if size <= fake.shape[1]]
    distances = []
    for size in sizes:
        window = unit_window(size).to(fake.device)
        target, found = (log_magnitude(transform(one.float(), window)) for one in (real.detach(), fake))
        distances.append((target - found).abs().mean())
    return torch.stack(distances).mean()
