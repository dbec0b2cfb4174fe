"""One normal distribution over values, integrated over the bins of the classes.

    P(c) = Phi((y_c + h - m) / s) - Phi((y_c - h - m) / s)

Source: Ping et al. 2019, "ClariNet", section 3.1, there with the density itself. This file does not know
networks.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.special import erfc, erfcx

from partita.models.heads.base import MOST_LOG_SCALE, MOST_MEAN, DensityHead, Drawn, wide

FIRST_LOG_DEVIATION = -1.0
SQRT_2 = math.sqrt(2.0)
HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)
NARROW = 0.02
"""Below this change of ln p from one end of a bin to the other, its integral is the density in its middle."""


class Gaussian(DensityHead):
    """The outputs are m and ln s.

    >>> head = Gaussian(256)
    >>> outputs = torch.tensor([[0.1, -3.0]])
    >>> round(sum(float(torch.exp(-head.nats(outputs, torch.tensor([c])))) for c in range(256)), 4)
    1.0
    """

    narrowest = 0.5

    @property
    def columns(self) -> int:
        """The mean and the deviation."""
        return 2

    def nats(
        self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return -ln of the probability of each class; see `Head.nats`.

        In bins that are narrow against s the difference of two values of Phi would be lost to rounding; there
        the density in the middle of the bin stands for all of it.
        """
        mean, deviation = self._parts(outputs)
        low, high = self.edges(classes, mean)
        first, last = self.ends(classes)
        a, b = (high - mean) / deviation, (low - mean) / deviation
        middle, width = (a + b) / 2.0, 2.0 * self.half_bin / deviation
        narrow = width * middle.abs().clamp(min=1.0) < NARROW
        density = torch.log(width) - HALF_LOG_TAU - 0.5 * middle.square()
        # the upper half is mirrored: there both values of Phi are near 1
        upper, lower = torch.where(middle > 0, -b, a), torch.where(middle > 0, -a, b)
        lower = torch.where(narrow, upper - 1.0, lower)  # whose integral is not used
        top = log_ndtr(upper)
        integral = top + torch.log(-torch.expm1(log_ndtr(lower) - top))
        logs = torch.where(narrow, density, integral)
        return -torch.where(first, log_ndtr(a), torch.where(last, log_ndtr(-b), logs))

    def cdf(self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the probability of each class and all lower ones; see `Head.cdf`."""
        mean, deviation = self._parts(outputs)
        _, high = self.edges(classes, mean)
        below: Tensor = torch.special.ndtr((high - mean) / deviation)
        return torch.where(self.ends(classes)[1], 1.0, below)

    def sample(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
    ) -> Drawn:
        """Return m + T s e, with e the normal quantile of the uniform; see `DensityHead.sample`."""
        mean, deviation = self._parts(outputs)
        quantiles: Tensor = torch.special.ndtri(uniforms.double())
        values = mean + temperature * deviation * quantiles.to(mean)
        return Drawn(values, mean.detach(), temperature * deviation.detach())

    def at_quantile(
        self, outputs: Float[Tensor, "... columns"], values: Float[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return m + s e, with e the distance of the values in deviations; see `DensityHead.at_quantile`."""
        mean, deviation = self._parts(outputs)
        return mean + deviation * ((values.detach() - mean) / deviation).detach()

    def entropy(self, outputs: Float[Tensor, "... columns"]) -> Float[Tensor, "..."]:
        """Return the entropy of each prediction in nats, of a density that is wide against a bin."""
        _, deviation = self._parts(outputs)
        return (torch.log(deviation / (2.0 * self.half_bin)) + HALF_LOG_TAU + 0.5).clamp(min=0.0)

    def initial_bias(self) -> Float[Tensor, " columns"]:
        """Return a mean of 0, and a wide deviation."""
        return torch.tensor([0.0, FIRST_LOG_DEVIATION])

    def is_mean(self) -> list[bool]:
        """Return which outputs are means: the first one."""
        return [True, False]

    def _parts(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_deviation = wide(outputs).unbind(-1)
        deviation = log_deviation.clamp(self.least_log_scale, MOST_LOG_SCALE).exp()
        return mean.clamp(-MOST_MEAN, MOST_MEAN), deviation


def log_ndtr(x: Tensor) -> Tensor:
    """Return ln Phi(x), also far below 0, where PyTorch's function has a wrong derivative in float32.

    >>> x = torch.tensor([-300.0, 0.0, 3.0], requires_grad=True)
    >>> torch.autograd.backward(log_ndtr(x).sum())
    >>> [round(y, 3) for y in log_ndtr(x).tolist()], [round(slope, 3) for slope in x.grad.tolist()]
    ([-45006.621, -0.693, -0.001], [300.003, 0.798, 0.004])
    """
    low, high = x.clamp(max=-1.0), x.clamp(min=-1.0)
    tail = torch.log(0.5 * erfcx(-low / SQRT_2)) - 0.5 * low.square()
    logs: Tensor = torch.where(x < -1.0, tail, torch.log1p(-0.5 * erfc(high / SQRT_2)))
    return logs
