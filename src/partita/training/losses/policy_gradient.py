"""The route `policy`: the score-function gradient of rewards for the samples of drawn clips.

For clips x drawn from the generator, with rewards r_t,

    G_t = sum over s >= t of gamma^(s - t) r_s                              (`discounted_returns`)
    A_t = G_t - mean of the other clips' G_t at the same position            (`advantages`)
    loss = -mean of A_t log p(x_t | x_<t),   A_t constant                     (`policy_loss`)

With gamma = 1 the expected gradient of the loss is that of -E[sum of r_t] / T: E[f grad log p(x_t)] is 0 for
every f that does not depend on x_t, so neither the rewards before t nor a baseline from other clips changes
it. No gradient passes through the judge or the draws. The rewards may depend on the generator, as -log p_g
does, because the derivative of that has the mean 0.

Three choices add bias or change the scale. With gamma below 1 the later effects of a sample are discounted
(at 0.98 half of the weight lies on 34 samples), which lowers the variance. Normalised advantages, divided by
their root mean square over the batch, have a fixed scale, so the weight of the loss sets it. Clips drawn with
earlier weights come from another distribution; no correction is made for this.

Layout: (clips, time). This file knows neither networks nor judges.

Source: Williams 1992 (REINFORCE); Sutton and Barto 2018, chapter 13; Kool et al. 2019 (leave one out); Yu et
al. 2017 (SeqGAN).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def discounted_returns(rewards: Float[Tensor, "clips time"], discount: float) -> Float[Tensor, "clips time"]:
    """Return G_t = sum over s >= t of gamma^(s - t) r_s for every sample.

    After n rounds every entry holds the sum over 2^n samples, so log2(time) shifts are enough.

    Args:
        rewards: r_t of each sample.
        discount: gamma, 0 to 1.

    >>> discounted_returns(torch.tensor([[1.0, 2.0, 4.0]]), 0.5).tolist()
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
    """Return A_t = G_t - mean of the other clips' G_t at the same position.

    Args:
        rewards: r_t of each sample, at least two clips.
        discount: gamma, 0 to 1.
        normalise: divide by the root mean square over the batch.

    >>> advantages(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), discount=1.0, normalise=False).tolist()
    [[3.0, 2.0], [-3.0, -2.0]]
    """
    clips = rewards.shape[0]
    returns = discounted_returns(rewards, discount)
    centred = (returns - returns.mean(0)) * (clips / (clips - 1))
    if not normalise:
        return centred
    return centred / centred.square().mean().sqrt().clamp_min(torch.finfo(centred.dtype).tiny)


def policy_loss(
    nats: Float[Tensor, "clips time"], advantage: Float[Tensor, "clips time"]
) -> Float[Tensor, ""]:
    """Return the mean of A_t times -log p(x_t | x_<t), whose gradient is the policy gradient.

    Args:
        nats: -log p of each drawn sample; carries the gradient.
        advantage: A_t of each sample, taken as constant.

    >>> policy_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])).item()
    0.5
    """
    return (advantage.detach() * nats).mean()
