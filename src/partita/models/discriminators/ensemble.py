"""Discriminators by name, and the ensemble of those that a config lists.

This file does not know losses, nor how a discriminator is trained.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partita.errors import PartitaError
from partita.models.discriminators.base import Discriminator, SubDiscriminator
from partita.models.discriminators.multi_period import MultiPeriodConfig, multi_period
from partita.models.discriminators.multi_resolution import MultiResolutionConfig, multi_resolution
from partita.models.discriminators.multi_scale import MultiScaleConfig, multi_scale
from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
from partita.models.discriminators.trunk import TrunkConfig, TrunkDiscriminator, TrunkShape

KINDS = ("patchgan", "multi-scale", "multi-period", "spectral", "trunk")


@dataclass(frozen=True, kw_only=True)
class EnsembleConfig:
    """Which discriminators judge the sound, and their shapes.

    Raises:
        PartitaError: a kind is unknown or listed twice, the list is empty, or two values contradict each
            other.

    >>> EnsembleConfig(discriminators=("patchgan", "spectral")).min_samples
    {'patchgan': 128, 'spectral': 1024}
    """

    discriminators: tuple[str, ...] = ("patchgan",)
    """The discriminators: one or more of `patchgan`, `multi-scale`, `multi-period`, `spectral` and `trunk`.
    They are the report's, MelGAN's, HiFi-GAN's, one as UnivNet's or EnCodec's, and the generator's first
    layers, which begin with the weights of the model that the run starts from. Their losses are averaged."""
    spectral_norm: bool = False
    """Divide each weight of the discriminators by its largest singular value (Miyato et al. 2018)."""
    patchgan: PatchGANConfig = field(default_factory=PatchGANConfig)
    """The shape of `patchgan`."""
    multi_scale: MultiScaleConfig = field(default_factory=MultiScaleConfig)
    """The shape of `multi-scale`."""
    multi_period: MultiPeriodConfig = field(default_factory=MultiPeriodConfig)
    """The shape of `multi-period`."""
    spectral: MultiResolutionConfig = field(default_factory=MultiResolutionConfig)
    """The shape of `spectral`."""
    trunk: TrunkConfig = field(default_factory=TrunkConfig)
    """The shape of `trunk`."""

    def __post_init__(self) -> None:
        """Check the list of discriminators."""
        for name in self.discriminators:
            if name not in KINDS:
                raise PartitaError(f"`discriminators` has {name!r}: choose among {', '.join(KINDS)}")
        if not self.discriminators or len(set(self.discriminators)) < len(self.discriminators):
            raise PartitaError(
                f"`discriminators` is {self.discriminators}: name at least one, and each of them once"
            )
        if "trunk" in self.discriminators and self.spectral_norm:
            raise PartitaError(
                "`spectral_norm` would change the layers that `trunk` has in common with the generator: leave"
                " one of them out"
            )

    @property
    def min_samples(self) -> dict[str, int]:
        """The fewest samples of a waveform, for each discriminator in the list."""
        shapes = {
            "patchgan": self.patchgan.min_samples,
            "multi-scale": self.multi_scale.min_samples,
            "multi-period": self.multi_period.min_samples,
            "spectral": self.spectral.min_samples,
            "trunk": self.trunk.min_samples,
        }
        return {kind: shapes[kind] for kind in self.discriminators}


class DiscriminatorEnsemble(Discriminator):
    """Several sub-discriminators that judge the same waveform independently of each other.

    Args:
        parts: the sub-discriminators, in order.

    >>> parts = [PatchGAN(PatchGANConfig(layers=layers)) for layers in (3, 4)]
    >>> ensemble = DiscriminatorEnsemble(parts)
    >>> ensemble.receptive_field, ensemble.min_samples
    (94, 32)
    >>> [maps[-1].shape[1] for maps in ensemble(torch.zeros(1, 80))]
    [9, 4]
    """

    def __init__(self, parts: list[SubDiscriminator]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)  # checkpoints name tensors by this attribute
        self._receptive_fields = [part.receptive_field for part in parts]
        self._min_samples = max(part.min_samples for part in parts)

    @property
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on, for each sub-discriminator."""
        return self._receptive_fields

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform for which every sub-discriminator has a logit."""
        return self._min_samples

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return the feature maps of each sub-discriminator, its logits last."""
        return [part(waveform) for part in self.parts]

    def feature_maps(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return the feature maps of each sub-discriminator, its logits last; the same as a call."""
        maps: list[list[Tensor]] = self(waveform)
        return maps


def make_discriminator(
    config: EnsembleConfig,
    *,
    generator: torch.Generator | None = None,
    trunk_shape: TrunkShape | None = None,
) -> Discriminator:
    """Return the ensemble that a config describes, or its sub-discriminator if it has only one.

    Args:
        config: the discriminators and their shapes.
        generator: the random stream of the initial weights; None takes PyTorch's global one.
        trunk_shape: what `trunk` needs to know; the other kinds do not need it.

    >>> type(make_discriminator(EnsembleConfig())).__name__
    'PatchGAN'
    >>> len(make_discriminator(EnsembleConfig(discriminators=("multi-scale", "spectral"))).parts)
    6
    """
    norm = config.spectral_norm

    def trunk() -> list[SubDiscriminator]:
        assert trunk_shape is not None, "the discriminator `trunk` needs the shape of the generator"
        return [TrunkDiscriminator(config.trunk, trunk_shape, generator=generator)]

    makers: dict[str, Callable[[], list[SubDiscriminator]]] = {
        "patchgan": lambda: [PatchGAN(config.patchgan, spectral_norm=norm, generator=generator)],
        "multi-scale": lambda: multi_scale(config.multi_scale, spectral_norm=norm, generator=generator),
        "multi-period": lambda: multi_period(config.multi_period, spectral_norm=norm, generator=generator),
        "spectral": lambda: multi_resolution(config.spectral, spectral_norm=norm, generator=generator),
        "trunk": trunk,
    }
    parts = [part for kind in config.discriminators for part in makers[kind]()]
    return parts[0] if len(parts) == 1 else DiscriminatorEnsemble(parts)
