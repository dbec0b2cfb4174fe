"""What a person may ask of the sampler. Knows neither models nor how samples are drawn."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from partita.device import Device, available_cores, check_threads
from partita.errors import PartitaError

Precision = Literal["float32", "bfloat16", "int8"]


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How to draw: the distribution's shape, the seed, and how the work is cut up (which changes no sample).

    Raises:
        PartitaError: a value is out of its range.

    >>> SamplingConfig(temperature=0.9, seed=3).temperature
    0.9
    """

    temperature: float = 1.0
    """Divides the logits, 0.01 to 100: below 1 sharper, above 1 flatter."""
    top_k: int | None = None
    """Draw only among the k most probable classes; of equals, the lower class is kept first."""
    top_p: float | None = None
    """Draw only among the most probable classes that together reach this probability (above 0, up to 1)."""
    seed: int = 0
    """The draws' address, 0 to 2^64 - 1: the same seed gives the same clip."""
    precision: Precision = "float32"
    """How weights are stored: fewer bytes draw one clip faster, from a model that is rounded by so much; the
    arithmetic stays float32."""
    device: Device = "auto"
    """Where to draw: `cuda` is a GPU, for many clips at once; `auto` the CPU, which draws one clip faster."""
    threads: int | None = None
    """Threads to spread clips over; by default one for each core."""
    block: int = 1600
    """Samples in each block that a stream yields."""

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not (math.isfinite(self.temperature) and 0.01 <= self.temperature <= 100.0):
            raise PartitaError(
                f"`temperature` is {self.temperature}: give 0.01 to 100, "
                "or `top_k` 1 to take the most probable class each time"
            )
        if self.top_k is not None and self.top_k < 1:
            raise PartitaError(
                f"`top_k` is {self.top_k}: give at least 1, or leave it out to keep all classes"
            )
        if self.top_p is not None and not 0.0 < self.top_p <= 1.0:
            raise PartitaError(f"`top_p` is {self.top_p}: give a probability above 0 and up to 1")
        if not 0 <= self.seed < 1 << 64:
            raise PartitaError(f"`seed` is {self.seed}: give a whole number from 0 to 2^64 - 1")
        for name, kind in (("precision", Precision), ("device", Device)):
            if getattr(self, name) not in get_args(kind):
                raise PartitaError(
                    f"`{name}` is {getattr(self, name)!r}: choose one of {', '.join(get_args(kind))}"
                )
        check_threads(self.threads)
        if self.block < 1:
            raise PartitaError(f"`block` is {self.block}: give at least 1")

    @property
    def thread_count(self) -> int:
        """Threads to use on this machine: the cores that this process may run on, unless told."""
        return available_cores() if self.threads is None else self.threads


@dataclass(frozen=True, kw_only=True)
class SteeringConfig:
    """How to steer.

    Raises:
        PartitaError: a value is out of its range.

    >>> SteeringConfig(particles=4).strength
    1.0
    """

    particles: int = 16
    """Continuations of each clip, K: the more, the nearer to p*, and the slower. 1 is plain sampling."""
    block: int = 256
    """Samples between judgements."""
    strength: float = 1.0
    """What the judge's logits are multiplied by; 0 is plain sampling."""
    threshold: float = 0.5
    """Particles are resampled when the effective sample size falls under this share of K; 0 is never."""
    lag: int | None = 64
    """Blocks that may wait for all particles to agree on them before one is drawn; None is without end."""

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
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
