"""Rewards by patch: a discriminator's logits, shared among the samples that each of them has heard.

For the best discriminator the logit of a patch is log p_data - log p_g of that patch, so the sum over clips
is a reward whose expectation is -KL(p_g || p_data), up to patches overlapping.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def spread(
    logits: Float[Tensor, "clips patches"], samples: int, *, hop: int, patch: int
) -> Float[Tensor, "clips samples"]:
    """Give every sample its share of the logits of the patches it lies in.

        r_t = sum over patches i with t in i of logit_i / samples in i

    Patch i of a PatchGAN ends at sample hop (i + 4) - 2, and is cut where the clip begins and ends. Spread
    evenly, a patch's verdict reaches every one of its samples within the horizon of a discounted return; put
    at its end, it would reach only the last of them.

    Args:
        logits: one a patch.
        samples: of a clip.
        hop: samples from one patch to the next.
        patch: samples that one logit sees.

    >>> spread(torch.tensor([[7.0, 9.0]]), 12, hop=2, patch=10).round().tolist()
    [[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 0.0, 0.0, 0.0]]
    """
    first = torch.arange(logits.shape[1], device=logits.device) * hop + 4 * hop - 1 - patch
    low, high = first.clamp(0, samples - 1), (first + patch).clamp(1, samples)
    each = logits / (high - low)
    edges = logits.new_zeros(logits.shape[0], samples + 1)
    edges.index_add_(1, low, each)
    edges.index_add_(1, high, -each)
    return edges.cumsum(1)[:, :samples]
