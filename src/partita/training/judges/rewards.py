"""Rewards of samples: a discriminator's logits, distributed over the samples of their patches.

For the best discriminator the logit of a patch is log p_data - log p_g of that patch. The expected sum of the
rewards over generated clips is then -KL(p_g || p_data), up to the overlap of patches. This file does not know
how rewards are used.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.models.discriminators.base import Discriminator
from partita.sampling.smc.scorers import logit_of_share


def sample_rewards(
    discriminator: Discriminator, waveform: Float[Tensor, "clips samples"], *, least_squares: bool = False
) -> Float[Tensor, "clips samples"]:
    """Return the reward of every sample: the mean of the distributed logits over the sub-discriminators.

    The sum over overlapping patches is divided by the mean number of patches that a sample lies in, so all
    sub-discriminators have the same weight.

    Args:
        discriminator: one or several.
        waveform: (clips, samples) in [-1, 1].
        least_squares: whether it was trained with the least-squares loss. Its output is then D, which is
            converted to a logit.

    >>> from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
    >>> sample_rewards(PatchGAN(PatchGANConfig(layers=3)), torch.zeros(2, 100)).shape
    torch.Size([2, 100])
    """
    samples, rewards = waveform.shape[1], []
    for maps, patch in zip(discriminator.feature_maps(waveform), discriminator.receptive_fields, strict=True):
        logits = maps[-1].float()
        if least_squares:
            logits = logit_of_share(logits)
        patches_per_sample = max(1.0, logits.shape[1] * patch / samples)
        rewards.append(spread_over_samples(logits, samples, patch=patch) / patches_per_sample)
    return torch.stack(rewards).mean(0)


def spread_over_samples(
    logits: Float[Tensor, "clips patches"], samples: int, *, patch: int
) -> Float[Tensor, "clips samples"]:
    """Distribute the logit of every patch evenly over the samples of the patch.

        r_t = sum over patches i with t in i of logit_i / samples in i

    The middles of n patches are assumed at the multiples of samples / (n + 1). This is exact for a PatchGAN
    and close for the others. Patches are cut at the ends of the clip. An even distribution puts a part of the
    logit within the horizon of the discounted return of every sample in the patch.

    Args:
        logits: one for each patch, in the order of time.
        samples: length of a clip.
        patch: length of a patch, samples.

    >>> spread_over_samples(torch.tensor([[3.0, 6.0]]), 9, patch=4).tolist()
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


def patches_in_prompt(patches: int, samples: int, prompt_length: int) -> int:
    """Return how many patches of a clip have their middle in the prompt; at most all but one.

    Args:
        patches: of the clip.
        samples: of the clip, prompt included.
        prompt_length: samples of the prompt, at the start.

    >>> patches_in_prompt(9, 100, 50), patches_in_prompt(9, 100, 0), patches_in_prompt(9, 100, 100)
    (4, 0, 8)
    """
    return min(patches - 1, int((_middles(patches, samples) < prompt_length).sum()))


def _middles(patches: int, samples: int) -> Tensor:
    """Return the samples in the middle of each patch, evenly spaced."""
    return torch.arange(1, patches + 1) * samples // (patches + 1)
