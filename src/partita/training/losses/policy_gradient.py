"""The route `policy`: the score-function gradient of what a judge makes of drawn clips, sample by sample.

For clips x drawn from the generator, with rewards r_t and the discounted return of each sample,

    G_t = sum over s >= t of gamma^(s - t) r_s                              (`discounted`)
    A_t = G_t - mean of the other clips' G_t at the same position            (`advantages`)
    loss = -mean of A_t log p(x_t | x_<t),   A_t constant                     (`policy_loss`)

the gradient of the loss is, in expectation, that of -E[sum of r_t] / T when gamma is 1: E[f grad log p(x_t)]
is 0 for whatever f doesn't depend on x_t, so neither the rewards before t nor a baseline made of other clips
changes it. No gradient passes through a judge, which therefore may be anything, and none through the draws:
the rewards may depend on the generator, as -log p_g does, whose own derivative has the mean 0.

What is biased: gamma below 1 forgets what a sample does to others far behind it (at 0.98 half of the weight
lies on 34 samples), in return for a variance that is lower in proportion. Normalised advantages, divided by
their root mean square over the batch, only change the scale, which the weight then decides. Clips that were
drawn from earlier weights belong to another distribution; they are used as if they did not.

Layout: (clips, time). This file knows neither networks nor judges.

Source: Williams 1992 (REINFORCE); Sutton and Barto 2018, chapter 13; Kool et al. 2019 (leave one out); Yu
et al. 2017 (SeqGAN).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def discounted(rewards: Float[Tensor, "clips time"], discount: float) -> Float[Tensor, "clips time"]:
    """Return the sum of each sample's reward and all later ones', each discounted by its distance.

    After n rounds every entry holds the sum over 2^n samples, so a few shifts are enough.

    Args:
        rewards: of each sample.
        discount: gamma, 0 to 1.

    >>> discounted(torch.tensor([[1.0, 2.0, 4.0]]), 0.5).tolist()
    [[3.0, 4.0, 4.0]]
    """
    total, reach = rewards, 1
    while reach < rewards.shape[1]:
        later = total[:, reach:] * discount**reach
        total = torch.cat([total[:, :-reach] + later, total[:, -reach:]], 1)
        reach *= 2
    return total


def advantages(
    rewards: Float[Tensor, "clips time"], *, discount: float, normalise: bool = True
) -> Float[Tensor, "clips time"]:
    """Return each sample's discounted return against that of the other clips at the same position.

    Args:
        rewards: of at least two clips.
        discount: gamma, 0 to 1.
        normalise: divide by the root mean square over the batch.

    >>> advantages(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), discount=1.0, normalise=False).tolist()
    [[3.0, 2.0], [-3.0, -2.0]]
    """
    clips = rewards.shape[0]
    returns = discounted(rewards, discount)
    apart = (returns - returns.mean(0)) * (clips / (clips - 1))
    if not normalise:
        return apart
    return apart / apart.square().mean().sqrt().clamp_min(torch.finfo(apart.dtype).tiny)


def policy_loss(
    nats: Float[Tensor, "clips time"], advantage: Float[Tensor, "clips time"]
) -> Float[Tensor, ""]:
    """Return the mean of A_t times -log p(x_t | x_<t), whose gradient is the policy gradient.

    Args:
        nats: -log p of each drawn sample; carries the gradient.
        advantage: constant.

    >>> policy_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])).item()
    0.5
    """
    return (advantage.detach() * nats).mean()
