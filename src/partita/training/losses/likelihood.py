"""The losses of a model without a judge: likelihood, and the report's matching loss.

Layout: (batch, time) for samples, (batch, time, classes) for logits; `valid` says which samples count.
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from partita.models.heads.categorical import Categorical

NATS_PER_BIT = math.log(2.0)


def sample_nats(
    logits: Float[Tensor, "batch time classes"], targets: Int[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    """Return -ln p(x_t | x_<t) of every sample, in float32 or float64.

    Args:
        logits: of p, any floating-point type.
        targets: the classes x_t.

    >>> math.isclose(sample_nats(torch.zeros(1, 1, 4), torch.tensor([[2]])).item(), math.log(4), rel_tol=1e-6)
    True
    """
    return Categorical(logits.shape[-1]).nats(logits, targets)


def likelihood_bits(
    logits: Float[Tensor, "batch time classes"],
    targets: Int[Tensor, "batch time"],
    valid: Bool[Tensor, "batch time"],
) -> Float[Tensor, ""]:
    """Return the mean of -log2 p(x_t | x_<t) over the valid samples, in bits per sample.

    This is the code length of an ideal coder that uses the model. It has no free scale, so models of the same
    quantised sound can be compared by it.

    Args:
        logits: of p.
        targets: the classes x_t.
        valid: which samples count; at least one.

    >>> both = torch.ones(1, 2, dtype=torch.bool)
    >>> likelihood_bits(torch.zeros(1, 2, 256), torch.tensor([[3, 200]]), both).item()
    8.0
    """
    return mean_bits(sample_nats(logits, targets), valid)


def mean_bits(nats: Float[Tensor, "batch time"], valid: Bool[Tensor, "batch time"]) -> Float[Tensor, ""]:
    """Return the mean code length over the valid samples, in bits per sample.

    Args:
        nats: -ln p(x_t | x_<t) of every sample, by any head.
        valid: which samples count; at least one.

    >>> mean_bits(torch.full((1, 2), 2 * math.log(2.0)), torch.ones(1, 2, dtype=torch.bool)).item()
    2.0
    """
    return (nats * valid).sum() / valid.sum() / NATS_PER_BIT


def matching_loss(
    real: Float[Tensor, "batch time"],
    fake: Float[Tensor, "batch time"],
    valid: Bool[Tensor, "batch time"],
    *,
    norm: int = 2,
) -> Float[Tensor, ""]:
    """Return the mean over windows of ||x - G(x_0)||_p, the report's matching loss.

        p = 2: sqrt(sum_t (x_t - g_t)^2);   p = 1: sum_t |x_t - g_t|

    It is the norm of the difference over a whole window, as printed, not a mean over samples. For differences
    of a given size it grows with the square root of the window's length (p = 2) or with the length (p = 1).

    Args:
        real: x, waveforms.
        fake: G(x_0), waveforms; carry the gradient.
        valid: which samples count.
        norm: p, 1 or 2.

    Source: the report, part II, section 1.

    >>> x, g = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    >>> both = torch.ones(1, 2, dtype=torch.bool)
    >>> matching_loss(x, g, both).item(), matching_loss(x, g, both, norm=1).item()
    (5.0, 7.0)
    """
    difference = torch.where(valid, real - fake, 0.0)
    norms: Tensor = torch.linalg.vector_norm(difference, ord=norm, dim=1)
    return norms.mean()
