"""The settings of the sampler and of steering. This file knows neither models nor how samples are drawn."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from partita.checks import check_choice, check_range
from partita.device import Device, available_cores, check_threads
from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig

Precision = Literal["float32", "bfloat16", "int8"]

SMOOTHING = 3 / 256
"""The smoothing of draws where the network is given features, as a share of its classes: 3 of 256. With more
the sound is cleaner, but low notes lose their lowest partials."""
FRAME_TEMPERATURE = 0.85
"""The frame tier's temperature if training chose none. A tier has learnt from its own frames too, which often
makes its mixtures too wide."""
GUIDANCE = 2.0
"""How strongly drawn frames follow notes and labels. At 1, after short trainings, many are off the score."""
MOST_GUIDANCE = 10.0
MOST_SMOOTHING = 1000.0


def usual_smoothing(network: WaveNetConfig) -> float:
    """Return the smoothing of draws for a network, in classes: 0 without features, or for 16-bit sound.

    On the linear scale of 16 bits a window of this size would reach over all soft sound.

    Args:
        network: the shape of the network.

    >>> from partita.models.sizes import SIZES
    >>> usual_smoothing(SIZES["small"])
    0.0
    """
    given = network.condition is not None and network.condition.bands
    return SMOOTHING * network.classes if given and network.embeddings == network.classes else 0.0


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How to draw: the shape of the distribution, the seed, and how the work is divided.

    How the work is divided does not change any sample.

    Raises:
        PartitaError: a value is out of range.

    >>> SamplingConfig(temperature=0.9, seed=3).temperature
    0.9
    """

    temperature: float = 1.0
    """Divides the logits, 0.01 to 100: values below 1 sharpen the distribution, values above 1 flatten it."""
    frame_temperature: float | None = None
    """Temperature of the frame tier, 0.01 to 100: lower values draw more likely pitches and loudness, so that
    notes last longer. By default the model's own, at which they last as long as in the training sound."""
    guidance: float = GUIDANCE
    """How strongly the features follow notes and labels, 0 to 10; 1 is as the model has learnt it."""
    top_k: int | None = None
    """Draw only from the k most probable classes. Among equally probable classes, lower ones come first."""
    top_p: float | None = None
    """Draw only from the fewest, most probable classes whose sum reaches this value, above 0 and up to 1."""
    smoothing: float = 0.0
    """Replaces each drawn class by the mean of the distribution near it, with Gaussian weights of this many
    classes, 0 to 1,000. It removes noise where the network is sure. 0 draws classes as they are."""
    seed: int = 0
    """The seed, 0 to 2^64 - 1. The same seed gives the same clips."""
    precision: Precision = "float32"
    """How weights are stored. Fewer bytes make a single clip faster, but round the model; the arithmetic is
    float32."""
    device: Device = "auto"
    """Where to draw. `cuda` is faster for many clips at once; `auto` is the CPU, faster for a single clip."""
    threads: int | None = None
    """Threads to draw with; by default one per core."""
    block: int = 1600
    """Samples per block that a stream yields."""

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        if not (math.isfinite(self.temperature) and 0.01 <= self.temperature <= 100.0):
            raise PartitaError(
                f"`temperature` is {self.temperature}: give 0.01 to 100, "
                "or `top_k` 1 to take the most probable class each time"
            )
        if self.frame_temperature is not None and not 0.01 <= self.frame_temperature <= 100.0:
            raise PartitaError(f"`frame_temperature` is {self.frame_temperature}: give 0.01 to 100")
        check_range("smoothing", self.smoothing, 0.0, MOST_SMOOTHING)
        check_range("guidance", self.guidance, 0.0, MOST_GUIDANCE)
        if self.top_k is not None and self.top_k < 1:
            raise PartitaError(
                f"`top_k` is {self.top_k}: give at least 1, or leave it out to keep all classes"
            )
        if self.top_p is not None and not 0.0 < self.top_p <= 1.0:
            raise PartitaError(f"`top_p` is {self.top_p}: give a probability above 0 and up to 1")
        if not 0 <= self.seed < 1 << 64:
            raise PartitaError(f"`seed` is {self.seed}: give a whole number from 0 to 2^64 - 1")
        for name, kind in (("precision", Precision), ("device", Device)):
            check_choice(name, getattr(self, name), get_args(kind))
        check_threads(self.threads)
        if self.block < 1:
            raise PartitaError(f"`block` is {self.block}: give at least 1")

    @property
    def thread_count(self) -> int:
        """The number of threads to use: `threads`, or the cores that this process may use."""
        return available_cores() if self.threads is None else self.threads


@dataclass(frozen=True, kw_only=True)
class SteeringConfig:
    """How to steer; see `smc/sampler.py`.

    Raises:
        PartitaError: a value is out of range.

    >>> SteeringConfig(particles=4).strength
    1.0
    """

    particles: int = 16
    """Particles (continuations) per clip, K. More are closer to p* and slower; 1 is plain sampling."""
    block: int = 256
    """Samples between two scores of the particles."""
    strength: float = 1.0
    """Multiplies the scorer's logits; 0 is plain sampling."""
    threshold: float = 0.5
    """Particles are resampled when the effective sample size is below this share of K; 0 disables it."""
    lag: int | None = 64
    """The most blocks that wait until all particles of a clip agree on them; None is no limit."""

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        if not 1 <= self.particles <= 1 << 16:
            raise PartitaError(f"`particles` is {self.particles}: give 1 to 65536")
        if self.block < 1:
            raise PartitaError(f"`block` of the steering (`--steer-block`) is {self.block}: give at least 1")
        if not (math.isfinite(self.strength) and self.strength >= 0.0):
            raise PartitaError(f"`strength` is {self.strength}: give a number of at least 0")
        if not 0.0 <= self.threshold <= 1.0:
            raise PartitaError(f"`threshold` is {self.threshold}: give a share from 0 to 1")
        if self.lag is not None and self.lag < 1:
            raise PartitaError(f"`lag` is {self.lag}: give at least 1 block, or None for no limit")
