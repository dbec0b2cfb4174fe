"""The divergence of a student's normal distributions from a teacher's classes.

The student's sample t is normal given the noise before it, with mean M and deviation S. On the grid of the
teacher's classes it has the probabilities q_c = Phi((b_c+1 - M) / S) - Phi((b_c - M) / S), b the ends of the
bins, so that the divergence is a sum and needs no draws of sample t:

    KL(q || p) = sum over c of q_c (ln q_c - ln p_c),   p(c | the samples before, which the student drew)

Its gradient has two parts: of q, and of the samples before, which the teacher reads.

Source: van den Oord et al. 2018, "Parallel WaveNet", section 3, whose cross-entropy is estimated by draws.
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from partita.audio.quantizer import Quantizer

LEAST_DEVIATION = 0.25
"""The least deviation, in widths of the bin that the mean is in: below it q and its gradient would vanish."""
TINY = 1e-7


def bin_ends(quantizer: Quantizer) -> NDArray[np.float32]:
    """Return the waveform values between neighbouring classes, (classes - 1,) float32, in increasing order.

    >>> bin_ends(Quantizer(kind="linear", classes=3)).tolist()
    [-0.5, 0.5]
    """
    middles = 2.0 * (np.arange(quantizer.classes - 1) + 0.5) / (quantizer.classes - 1) - 1.0
    if quantizer.kind == "mu-law":
        mu = quantizer.classes - 1
        middles = np.sign(middles) * np.expm1(np.abs(middles) * np.log1p(mu)) / mu
    return middles.astype(np.float32)


def grid_divergence(
    means: Float[Tensor, "*shape"],
    deviations: Float[Tensor, "*shape"],
    logits: Float[Tensor, "*shape classes"],
    ends: Float[Tensor, " ends"],
) -> Float[Tensor, "*shape"]:
    """Return the divergence of each normal distribution from the classes' probabilities, in nats.

    Args:
        means: of the student's samples.
        deviations: of the same.
        logits: of the teacher.
        ends: between the classes, as `bin_ends` returns them.

    >>> ends = torch.tensor([-0.5, 0.5])
    >>> flat, narrow = torch.zeros(1, 3), torch.tensor([1e-3])
    >>> round(grid_divergence(torch.zeros(1), narrow, flat, ends).item(), 3)  # below ln 3 = 1.099
    0.882
    """
    width = (ends[1:] - ends[:-1])[torch.bucketize(means.detach().contiguous(), ends[1:-1])]
    wide = (deviations.square() + (LEAST_DEVIATION * width).square()).sqrt()
    below = 0.5 * (1.0 + torch.erf((ends - means[..., None]) / (math.sqrt(2.0) * wide[..., None])))
    zero, one = torch.zeros_like(below[..., :1]), torch.ones_like(below[..., :1])
    probabilities = (torch.cat([below, one], -1) - torch.cat([zero, below], -1)).clamp(min=0.0)
    teacher = torch.log_softmax(logits.float(), -1)
    return (probabilities * (torch.log(probabilities + TINY) - teacher)).sum(-1)
