"""Discriminators by name: which there are, and a panel of those that are asked for.

This file does not know losses, nor how a discriminator learns.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from partita.errors import PartitaError
from partita.models.discriminators.base import Discriminator, DiscriminatorEnsemble, SubDiscriminator
from partita.models.discriminators.multi_period import MultiPeriodConfig, multi_period
from partita.models.discriminators.multi_resolution import MultiResolutionConfig, spectral
from partita.models.discriminators.multi_scale import MultiScaleConfig, multi_scale
from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig

KINDS = ("patchgan", "multi-scale", "multi-period", "spectral")


@dataclass(frozen=True, kw_only=True)
class EnsembleConfig:
    """Which discriminators hear the sound, and their shapes.

    Raises:
        PartitaError: a kind is unknown, or named twice, or there is none.

    >>> EnsembleConfig(discriminators=("patchgan", "spectral")).shortest
    {'patchgan': 128, 'spectral': 1024}
    """

    discriminators: tuple[str, ...] = ("patchgan",)
    """Who judges: one or more of `patchgan` (the report's), `multi-scale` (MelGAN's), `multi-period`
    (HiFi-GAN's) and `spectral` (as UnivNet's or EnCodec's). Their losses are averaged."""
    spectral_norm: bool = False
    """Whether each of their weights is divided by its largest singular value (Miyato et al. 2018)."""
    patchgan: PatchGANConfig = field(default_factory=PatchGANConfig)
    """The shape of `patchgan`."""
    multi_scale: MultiScaleConfig = field(default_factory=MultiScaleConfig)
    """The shape of `multi-scale`."""
    multi_period: MultiPeriodConfig = field(default_factory=MultiPeriodConfig)
    """The shape of `multi-period`."""
    spectral: MultiResolutionConfig = field(default_factory=MultiResolutionConfig)
    """The shape of `spectral`."""

    def __post_init__(self) -> None:
        """Refuse names that mean nothing."""
        for name in self.discriminators:
            if name not in KINDS:
                raise PartitaError(f"`discriminators` has {name!r}: choose among {', '.join(KINDS)}")
        if not self.discriminators or len(set(self.discriminators)) < len(self.discriminators):
            raise PartitaError(
                f"`discriminators` is {self.discriminators}: name at least one, and each of them once"
            )

    @property
    def shortest(self) -> dict[str, int]:
        """Samples that a waveform must have, by kind."""
        shapes = {
            "patchgan": self.patchgan.shortest,
            "multi-scale": self.multi_scale.shortest,
            "multi-period": self.multi_period.shortest,
            "spectral": self.spectral.shortest,
        }
        return {kind: shapes[kind] for kind in self.discriminators}


def make_discriminator(config: EnsembleConfig, *, generator: torch.Generator | None = None) -> Discriminator:
    """Return the discriminators that a config names: a panel, or the only part by itself.

    Args:
        config: names and shapes.
        generator: the random stream of the initial weights; None takes the global one.

    >>> type(make_discriminator(EnsembleConfig())).__name__
    'PatchGAN'
    >>> len(make_discriminator(EnsembleConfig(discriminators=("multi-scale", "spectral"))).parts)
    6
    """
    norm = config.spectral_norm
    makers: dict[str, Callable[[], list[SubDiscriminator]]] = {
        "patchgan": lambda: [PatchGAN(config.patchgan, spectral_norm=norm, generator=generator)],
        "multi-scale": lambda: multi_scale(config.multi_scale, spectral_norm=norm, generator=generator),
        "multi-period": lambda: multi_period(config.multi_period, spectral_norm=norm, generator=generator),
        "spectral": lambda: spectral(config.spectral, spectral_norm=norm, generator=generator),
    }
    parts = [part for kind in config.discriminators for part in makers[kind]()]
    return parts[0] if len(parts) == 1 else DiscriminatorEnsemble(parts)
