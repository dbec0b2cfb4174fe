"""The ratio loss: a GAN's discriminator loss, whose discriminator is the generator's own likelihood.

With a frozen reference p_ref and its own clips as fakes, the discriminator after n samples of a clip is

    D_n = sigmoid(beta * s_n),   s_n = sum over t <= n of log p(x_t | x_<t) - log p_ref(x_t | x_<t)

Real clips follow the same pasts as drawn ones. The loss is the discriminator's at n = 8, 16, 32, ... samples:

    L = mean over n of (E_real[-log D_n] + E_drawn[-log(1 - D_n)]) / (beta * n)

The divisor makes the gradient at p = p_ref that of the likelihood of the real samples minus that of the drawn
ones, halved, whatever n is. For beta = 1 the optimum is p = p_data, since the best discriminator has
s_n = log p_data - log p_ref. No gradient passes through a draw. This file knows neither networks nor draws.

Source: Zheng et al. 2025, "Direct discriminative optimization: your likelihood-based visual generative model
is secretly a GAN discriminator". There the log-ratio is of a whole item, and nothing is divided by n.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

FIRST_LENGTH = 8
"""Samples after which the first logit of a clip is computed."""


class RatioLoss(NamedTuple):
    """The loss, and the shares of logits above 0 in both kinds of clips."""

    loss: Tensor
    real: Tensor
    drawn: Tensor


def logit_positions(length: int) -> list[int]:
    """Return the positions of the last samples of the first 8, 16, 32, ... and all samples of a clip.

    Args:
        length: of a clip, samples.

    >>> logit_positions(40), logit_positions(5)
    ([7, 15, 31, 39], [4])
    """
    positions, samples = [], FIRST_LENGTH
    while samples < length:
        positions.append(samples - 1)
        samples *= 2
    return [*positions, length - 1]


def ratio_loss(
    real: Float[Tensor, "clips time"], drawn: Float[Tensor, "clips time"], *, beta: float
) -> RatioLoss:
    """Return the loss of the module's docstring, in nats a sample.

    Args:
        real: log p - log p_ref of every sample of the real clips; carries the gradient.
        drawn: the same of the clips that the reference drew.
        beta: above 0.

    >>> import torch
    >>> none = torch.zeros(2, 8)
    >>> round(8 * ratio_loss(none, none, beta=1.0).loss.item(), 4)  # twice ln 2
    1.3863
    """
    positions = logit_positions(real.shape[1])
    samples = real.new_tensor([position + 1.0 for position in positions])
    real_logits, drawn_logits = (beta * part.cumsum(1)[:, positions] for part in (real, drawn))
    losses = functional.softplus(-real_logits) + functional.softplus(drawn_logits)
    shares = [(logits.detach() > 0).float().mean() for logits in (real_logits, drawn_logits)]
    return RatioLoss((losses / (beta * samples)).mean(), *shares)
