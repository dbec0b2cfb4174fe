"""The spectral matching norms: distances of the spectra of two waveforms of the same place."""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.models.discriminators.spectrum import log_magnitude, transform, unit_window

SIZES = (256, 512, 1024)
"""Windows, samples."""
TINY = 1e-9
"""A power, -90 dB, at which a root still has a derivative."""


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


def spectral_convergence(
    real: Float[Tensor, "batch samples"], fake: Float[Tensor, "batch samples"]
) -> Float[Tensor, ""]:
    """Return the relative difference of the magnitudes, over several windows.

        mean over windows of sqrt( sum (|X| - |G|)^2 / sum |X|^2 )

    The sums are over the whole batch, so that soft clips count little. Loud partials decide here; in
    `spectral_distance` the many soft frequencies do, and the level may be wrong.

    Args:
        real: (batch, samples), at least 256 samples; a target without a gradient.
        fake: (batch, samples); carries the gradient.

    Source: Yamamoto et al. 2020 (Parallel WaveGAN), equation 5.

    >>> noise = torch.randn((2, 2048), generator=torch.Generator().manual_seed(0))
    >>> round(spectral_convergence(noise, 0.5 * noise).item(), 3)
    0.5
    """
    found = []
    for size in [size for size in SIZES if size <= fake.shape[1]]:
        window = unit_window(size).to(fake.device)
        target, own = (_magnitude(transform(one.float(), window)) for one in (real.detach(), fake))
        found.append(((target - own).square().sum() / target.square().sum().clamp(min=TINY)).sqrt())
    return torch.stack(found).mean()


def _magnitude(spectrum: Tensor) -> Tensor:
    return (spectrum.square().sum(-1) + TINY).sqrt()
