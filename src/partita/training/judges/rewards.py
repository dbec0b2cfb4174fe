"""Rewards by patch: a discriminator's logits, shared among the samples that each of them has heard.

For the best discriminator the logit of a patch is log p_data - log p_g of that patch, so the sum over clips
is a reward whose expectation is -KL(p_g || p_data), up to patches overlapping.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.models.discriminators.base import Discriminator
from partita.sampling.smc.scorers import logit_of_share


def rewards_of(
    discriminator: Discriminator, waveform: Float[Tensor, "clips samples"], *, least_squares: bool = False
) -> Float[Tensor, "clips samples"]:
    """Return what a discriminator says of every sample: the mean over its parts of their shared logits.

    Where patches overlap the sum is divided by how often a sample is heard, so that all parts count alike.

    Args:
        discriminator: one or several.
        waveform: (clips, samples) in [-1, 1].
        least_squares: trained with least squares: its output is a share, which becomes a logit.

    >>> from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
    >>> rewards_of(PatchGAN(PatchGANConfig(layers=3)), torch.zeros(2, 100)).shape
    torch.Size([2, 100])
    """
    samples, shares = waveform.shape[1], []
    for maps, field in zip(discriminator.feature_maps(waveform), discriminator.receptive_fields, strict=True):
        logits = maps[-1].float()
        if least_squares:
            logits = logit_of_share(logits)
        overlap = max(1.0, logits.shape[1] * field / samples)  # as often is a sample heard by this part
        shares.append(spread(logits, samples, patch=field) / overlap)
    return torch.stack(shares).mean(0)


def spread(
    logits: Float[Tensor, "clips patches"], samples: int, *, patch: int
) -> Float[Tensor, "clips samples"]:
    """Give every sample its share of the logits of the patches it lies in.

        r_t = sum over patches i with t in i of logit_i / samples in i

    The middles of n patches lie evenly, at samples / (n + 1) and its multiples, which is exact for a PatchGAN
    and near enough for all others; a patch is cut where the clip begins and ends. Spread evenly, a patch's
    verdict reaches every one of its samples within the horizon of a discounted return; put at its end, it
    would reach only the last of them.

    Args:
        logits: one a patch, in the order of time.
        samples: of a clip.
        patch: samples that one logit sees.

    >>> spread(torch.tensor([[3.0, 6.0]]), 9, patch=4).tolist()
    [[0.0, 0.75, 0.75, 0.75, 2.25, 1.5, 1.5, 1.5, 0.0]]
    """
    middles = _middles(logits.shape[1], samples).to(logits.device)
    first = middles - patch // 2
    low, high = first.clamp(0, samples - 1), (first + patch).clamp(1, samples)
    each = logits / (high - low)
    edges = logits.new_zeros(logits.shape[0], samples + 1)
    edges.index_add_(1, low, each)
    edges.index_add_(1, high, -each)
    return edges.cumsum(1)[:, :samples]


def patches_within(patches: int, samples: int, prompt: int) -> int:
    """Return how many of a clip's patches have their middle within its prompt; never all of them.

    >>> patches_within(9, 100, 50), patches_within(9, 100, 0), patches_within(9, 100, 100)
    (4, 0, 8)
    """
    return min(patches - 1, int((_middles(patches, samples) < prompt).sum()))


def _middles(patches: int, samples: int) -> Tensor:
    """Return where the middles of patches lie: evenly."""
    return torch.arange(1, patches + 1) * samples // (patches + 1)
