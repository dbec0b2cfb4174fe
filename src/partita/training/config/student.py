"""The settings of a student: an inverse autoregressive flow that is distilled from a WaveNet."""

from dataclasses import dataclass

from partita.checks import LARGEST_WEIGHT, check_positive, check_range
from partita.models.flows.iaf import IAFConfig


@dataclass(frozen=True, kw_only=True)
class StudentConfig(IAFConfig):
    """The shape of the flows, their teacher, and the parts of the matching loss.

    The matching loss is `kl_weight` times the divergence from the teacher, in nats a sample, plus
    `spectral_weight` times the distance of the spectra, logarithms and magnitudes, from the real sound with
    the same features.

    >>> StudentConfig(flows=2).receptive_field
    512
    """

    teacher: str | None = None
    """The run that the student learns from, with the head `categorical`."""
    kl_weight: float = 1.0
    """Weight of the divergence from the teacher; 0 leaves the teacher out."""
    spectral_weight: float = 4.0
    """Weight of the distance of the spectra from real sound."""
    temperature: float | None = None
    """The temperature of the teacher's probabilities, by default the one that its training chose."""

    def __post_init__(self) -> None:
        """Check the values."""
        super().__post_init__()
        for name in ("kl_weight", "spectral_weight"):
            check_range(name, getattr(self, name), 0.0, LARGEST_WEIGHT)
        if self.temperature is not None:
            check_positive("temperature", self.temperature, 100.0)
