"""What every head gives, and what heads with a density over values have in common.

The classes 0 to N - 1 are the values y_c = 2 c / (N - 1) - 1. A density over y gives the probability of a
class by its integral over the class's bin, y_c - h to y_c + h with h = 1 / (N - 1); the first and the last
bin reach to infinity (Salimans et al. 2017, "PixelCNN++", section 2.1).

Layout: outputs (..., columns), classes (...). This file does not know any distribution.
"""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from partita.checks import check_count

MOST_MEAN = 2.0
"""How far from 0 a mean may be, in y."""
MOST_LOG_SCALE = 3.0
"""The largest logarithm of a scale: a density that is flat over all values."""


class Head(ABC):
    """The distribution of a sample over the classes, from a network's outputs.

    Args:
        classes: N, at least 2.
    """

    def __init__(self, classes: int) -> None:
        check_count("classes", classes, 2, 1 << 16)
        self.classes = classes

    @property
    @abstractmethod
    def columns(self) -> int:
        """Outputs of the network for each sample."""

    @abstractmethod
    def nats(
        self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return -ln of the probability of each class, in float32 or float64."""

    @abstractmethod
    def cdf(self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the probability of each class and all lower ones."""

    @abstractmethod
    def draw(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
    ) -> Int[Tensor, "..."]:
        """Return a class for each uniform, a number in (0, 1).

        Args:
            outputs: of the network.
            uniforms: one for each sample.
            temperature: above 0; it scales deviations, and its inverse scales logits.
        """

    @abstractmethod
    def entropy(self, outputs: Float[Tensor, "... columns"]) -> Float[Tensor, "..."]:
        """Return the entropy of each prediction in nats; of a mixture the mean of its parts', a bound."""

    @abstractmethod
    def initial_bias(self) -> Float[Tensor, " columns"]:
        """Return the biases of the outputs with which a network begins."""

    def is_mean(self) -> list[bool]:
        """Return which outputs are means of distributions."""
        return [False] * self.columns


class Drawn(NamedTuple):
    """Values drawn from a density, and the one normal or logistic distribution that each is from.

    Args:
        values: not rounded to the grid; their derivative is the pathwise one.
        means: of the distributions.
        deviations: their standard deviations.
    """

    values: Float[Tensor, "..."]
    means: Float[Tensor, "..."]
    deviations: Float[Tensor, "..."]


class DensityHead(Head):
    """A head with a density over values, integrated over the bins of the classes.

    Means are within `MOST_MEAN` of 0. Scales are at least a share of half a bin: narrower ones would make no
    class more likely, but a sample beside its bin astronomically expensive.
    """

    narrowest: float
    """The least scale, in halves of a bin."""

    @abstractmethod
    def sample(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
    ) -> Drawn:
        """Return a value for each uniform; see `Head.draw`."""

    def draw(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
        smoothing: float = 0.0,
    ) -> Int[Tensor, "..."]:
        """Return the class whose bin has the drawn value; see `Head.draw`.

        With a smoothing w the value moves toward the mean m of its distribution, of deviation s:

            m + (y - m) s^2 / (s^2 + w^2)

        Args:
            outputs: of the network.
            uniforms: one for each sample.
            temperature: above 0.
            smoothing: w in classes.
        """
        drawn = self.sample(outputs.detach().double(), uniforms, temperature=temperature)
        narrow, window = drawn.deviations.square(), (2.0 * smoothing / (self.classes - 1)) ** 2
        values = drawn.means + (drawn.values - drawn.means) * (narrow / (narrow + window))
        places = torch.floor((values + 1.0) * (0.5 * (self.classes - 1)) + 0.5)
        return places.clamp(0, self.classes - 1).long()

    @abstractmethod
    def at_quantile(
        self, outputs: Float[Tensor, "... columns"], values: Float[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return drawn values with the derivative that keeps the quantile at which they were drawn.

        Args:
            outputs: of the network, at temperature 1; carry the gradient.
            values: y, of which a gradient is ignored.
        """

    def values(self, classes: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the value y of each class, float32.

        >>> from partita.models.heads.gaussian import Gaussian
        >>> Gaussian(5).values(torch.arange(5)).tolist()
        [-1.0, -0.5, 0.0, 0.5, 1.0]
        """
        return 2.0 * classes.float() / (self.classes - 1) - 1.0

    def edges(self, classes: Int[Tensor, "..."], like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of each class's bin in y, as if the first and the last were as narrow as others."""
        middle = 2.0 * classes.to(like.dtype) / (self.classes - 1) - 1.0
        return middle - self.half_bin, middle + self.half_bin

    def ends(self, classes: Int[Tensor, "..."]) -> tuple[Bool[Tensor, "..."], Bool[Tensor, "..."]]:
        """Return which classes are the first one, and which are the last one."""
        return classes == 0, classes == self.classes - 1

    @property
    def least_log_scale(self) -> float:
        """The least logarithm of a scale."""
        return math.log(self.narrowest * self.half_bin)

    @property
    def half_bin(self) -> float:
        """Half of the width of a bin, h."""
        return 1.0 / (self.classes - 1)


def wide(outputs: Tensor) -> Tensor:
    """Return outputs in float32, or in float64 if they are float64.

    >>> wide(torch.zeros(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return outputs if outputs.dtype == torch.float64 else outputs.float()
