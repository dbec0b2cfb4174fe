"""A mixture of logistic distributions over values, integrated over the bins of the classes.

    P(c) = sum over k of w_k [S((y_c + h - m_k) / s_k) - S((y_c - h - m_k) / s_k)],   S the logistic function

Sources: Salimans et al. 2017, "PixelCNN++", equation 2; van den Oord et al. 2018, "Parallel WaveNet", section
2, which takes it for 16-bit sound. This file does not know networks.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from partita.checks import check_count
from partita.models.heads.base import MOST_LOG_SCALE, MOST_MEAN, DensityHead, Drawn, wide

FIRST_LOG_SCALE = -2.0
DEVIATION = math.pi / math.sqrt(3.0)
"""The standard deviation of a logistic distribution of scale 1."""
NEAREST = 1e-12
"""How near to 0 and 1 a uniform within a component may be."""


class LogisticMixture(DensityHead):
    """The outputs are the logits of w, then m, then ln s.

    Args:
        classes: N.
        mixtures: how many distributions are mixed.

    >>> head = LogisticMixture(256, mixtures=3)
    >>> outputs = head.initial_bias()[None]
    >>> nats = head.nats(outputs.expand(256, -1), torch.arange(256))
    >>> head.columns, round(float(torch.exp(-nats).sum()), 4)
    (9, 1.0)
    """

    narrowest = 0.25

    def __init__(self, classes: int, *, mixtures: int = 10) -> None:
        super().__init__(classes)
        check_count("mixtures", mixtures, 1, 1024)
        self.mixtures = mixtures

    @property
    def columns(self) -> int:
        """Three outputs for each distribution."""
        return 3 * self.mixtures

    def nats(
        self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return -ln of the probability of each class; see `Head.nats`.

        With a and b the two arguments of S, S(a) - S(b) = S(a) S(-b) (1 - exp(b - a)), without cancellation.
        """
        logits, means, scales = self._parts(outputs)
        low, high = (edge[..., None] for edge in self.edges(classes, means))
        first, last = (end[..., None] for end in self.ends(classes))
        above = torch.where(last, 0.0, functional.logsigmoid((high - means) / scales))
        below = torch.where(first, 0.0, functional.logsigmoid((means - low) / scales))
        width = torch.log(-torch.expm1(-2.0 * self.half_bin / scales))
        logs = above + below + torch.where(first | last, 0.0, width)
        return -torch.logsumexp(torch.log_softmax(logits, -1) + logs, -1)

    def cdf(self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the probability of each class and all lower ones; see `Head.cdf`."""
        _, high = self.edges(classes, wide(outputs))
        return torch.where(self.ends(classes)[1], 1.0, self.below(outputs, high))

    def sample(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
    ) -> Drawn:
        """Return drawn values; see `DensityHead.sample`.

        The uniform chooses a distribution, and what is left of it, between the ends of that distribution's
        share, is a uniform again. The derivative keeps the quantile of the whole mixture, as the implicit
        reparameterisation of Figurnov et al. (2018) does: dy = -dF(y) / p(y).
        """
        logits, means, scales = (part.detach().double() for part in self._parts(outputs))
        ends = torch.softmax(logits / temperature, -1).cumsum(-1)
        target = (uniforms.double() * ends[..., -1])[..., None]
        chosen = (ends <= target).sum(-1, keepdim=True).clamp(max=self.mixtures - 1)
        end, mean, scale = (part.gather(-1, chosen)[..., 0] for part in (ends, means, temperature * scales))
        begin = torch.where(chosen == 0, 0.0, ends.gather(-1, (chosen - 1).clamp(min=0)))[..., 0]
        within = ((target[..., 0] - begin) / (end - begin)).clamp(NEAREST, 1.0 - NEAREST)
        values = (mean + scale * torch.logit(within)).to(wide(outputs))
        if outputs.requires_grad:
            values = self.at_quantile(outputs, values, temperature=temperature)
        return Drawn(values, mean.to(values), (DEVIATION * scale).to(values))

    def at_quantile(
        self, outputs: Float[Tensor, "... columns"], values: Float[Tensor, "..."], *, temperature: float = 1.0
    ) -> Float[Tensor, "..."]:
        """Return the values, whose derivative is -dF(y) / p(y); see `DensityHead.at_quantile`.

        Far above a distribution's mean its part of F is 1 less a tail, and the tail alone has a derivative.
        """
        logits, means, scales = self._parts(outputs.double())
        places = (values.detach().double()[..., None] - means) / (temperature * scales)
        weights, beyond = torch.softmax(logits / temperature, -1), places > 0
        tails = torch.where(beyond, -torch.sigmoid(-places), torch.sigmoid(places))
        below = (weights * (tails + beyond)).sum(-1)
        bells = torch.sigmoid(places) * torch.sigmoid(-places) / (temperature * scales)
        density = (weights * bells).sum(-1).detach().clamp(min=torch.finfo(torch.float64).tiny)
        return values.detach() - ((below - below.detach()) / density).to(values)

    def entropy(self, outputs: Float[Tensor, "... columns"]) -> Float[Tensor, "..."]:
        """Return the mean of the distributions' entropies in nats, where they are wide against a bin."""
        logits, _, scales = self._parts(outputs)
        each = (torch.log(scales / (2.0 * self.half_bin)) + 2.0).clamp(min=0.0)
        return (torch.softmax(logits, -1) * each).sum(-1)

    def initial_bias(self) -> Float[Tensor, " columns"]:
        """Return equal weights, and means that cover the values."""
        means = torch.linspace(-1.0, 1.0, 2 * self.mixtures + 1)[1::2]
        return torch.cat([torch.zeros(self.mixtures), means, torch.full((self.mixtures,), FIRST_LOG_SCALE)])

    def is_mean(self) -> list[bool]:
        """Return which outputs are means: the second third."""
        return [column // self.mixtures == 1 for column in range(self.columns)]

    def _parts(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits, the means and the scales."""
        logits, means, log_scales = torch.split(wide(outputs), self.mixtures, -1)
        scales = log_scales.clamp(self.least_log_scale, MOST_LOG_SCALE).exp()
        return logits, means.clamp(-MOST_MEAN, MOST_MEAN), scales

    def below(self, outputs: Tensor, values: Tensor, temperature: float = 1.0) -> Tensor:
        """Return the probability of lower values, F."""
        logits, means, scales = self._parts(outputs)
        places = (values.to(means)[..., None] - means) / (temperature * scales)
        return (torch.softmax(logits / temperature, -1) * torch.sigmoid(places)).sum(-1)
