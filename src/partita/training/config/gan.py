"""The settings of a GAN: its generator, which learns from discriminators alone."""

from dataclasses import dataclass

from partita.checks import check_range
from partita.models.waveform_gan import GANConfig
from partita.training.config.adversary import AdversaryConfig

GAN_ADVERSARY = AdversaryConfig(discriminators=("spectral", "multi-scale"), weight=1.0)
"""The discriminators with which a GAN begins."""


@dataclass(frozen=True, kw_only=True)
class GANTrainingConfig(GANConfig):
    """The shape of the generator, and what its optimizer needs.

    >>> GANTrainingConfig(factors=(8, 8)).hop_length
    64
    """

    beta1: float = 0.5
    """First beta of the generator's Adam (Radford et al. 2016, who have 0.5)."""

    def __post_init__(self) -> None:
        """Check the values."""
        super().__post_init__()
        check_range("beta1", self.beta1, 0.0, 0.9999)
