"""The settings of a GAN: its generator, which learns from discriminators alone."""

from dataclasses import dataclass

from partita.checks import check_range
from partita.models.discriminators.multi_resolution import MultiResolutionConfig
from partita.models.discriminators.multi_scale import MultiScaleConfig
from partita.models.waveform_gan import GANConfig
from partita.training.config.adversary import AdversaryConfig

GAN_ADVERSARY = AdversaryConfig(
    weight=1.0,
    discriminators=("spectral", "multi-scale"),
    spectral=MultiResolutionConfig(normalisation="none"),
    multi_scale=MultiScaleConfig(normalisation="none"),
    spectral_norm=True,
    learning_rate=5e-4,
)
"""The discriminators with which a GAN begins.

Group normalisation would hide the level of the sound. Without the spectral norm the generator's gradient grew
to hundreds of times its first norm within 2,000 updates.
"""


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
