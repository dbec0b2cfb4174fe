"""The loss of a critic on drawn clips: on-policy distillation with the exact divergence at every sample.

The reward of a drawn sample is log p_c - log p_g. The critic gives the probabilities of all classes, so the
expectation of the reward over the draw is known: it is minus the divergence of the two distributions at that
sample. For clips x drawn from the generator,

    k_t = KL(p_g(. | x_<t) || p_c(. | x_<t))                                (`kl_divergences`)
    KL(p_g || p_c) = E of the sum of k_t

The gradient of this sum has two parts: that of each k_t for a given past, and the effect of every draw on all
later k_s:

    loss = mean of k_t + mean of A_t (-log p_g(x_t | x_<t)),                (`distillation_loss`)
    A_t = mean of the other clips' L_t - L_t,   L_t = sum over s > t of gamma^(s - t) k_s,   A_t constant

With gamma = 1 its expected gradient is exactly that of KL(p_g || p_c) / T, the same as that of the policy
gradient with the rewards of the drawn samples. The first term has no variance from the draw of x_t, which is
most of the policy gradient's variance. The variance of the second term grows with gamma. With gamma = 0 only
the first term is left, and the later consequences of a sample have no gradient.

Layout: (clips, time). This file knows neither networks nor how clips are drawn.

Source: Agarwal et al. 2024 (GKD, the first term); Gu et al. 2024 (MiniLLM, section 2.2: both terms).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.training.losses.policy_gradient import advantages, discounted_returns, policy_loss


def kl_divergences(
    generator_logits: Float[Tensor, "clips time classes"], critic_logits: Float[Tensor, "clips time classes"]
) -> Float[Tensor, "clips time"]:
    """Return KL(p_g || p_c) at every sample, in nats.

    The derivative is computed as the sum of (log p_g - log p_c) dp_g. The exact derivative also has the sum
    of dp_g, which is 0 but for rounding errors; they would dominate where both distributions agree, because
    the gradient may be scaled to a given norm.

    Args:
        generator_logits: of p_g; may carry a gradient.
        critic_logits: of p_c.

    >>> even, sure = torch.zeros(1, 1, 2), torch.tensor([[[0.0, 30.0]]])
    >>> kl_divergences(even, even).item(), round(kl_divergences(sure, even).item(), 4)
    (0.0, 0.6931)
    """
    log_p = torch.log_softmax(generator_logits, -1)
    log_ratio = log_p.detach() - torch.log_softmax(critic_logits, -1)
    return (log_p.exp() * log_ratio).sum(-1)


def distillation_loss(
    divergences: Float[Tensor, "clips time"], nats: Float[Tensor, "clips time"], *, discount: float
) -> Float[Tensor, ""]:
    """Return the distillation loss of the module's docstring, in nats a sample.

    The likelihood loss has the same unit. The sum of both with gamma = 1 has the gradient of
    KL(p_data || p_g) + KL(p_g || p_c).

    Args:
        divergences: k_t of at least two clips, in nats; carries the gradient.
        nats: -log p_g of each drawn sample; carries the gradient.
        discount: gamma, 0 to 1.

    >>> divergences, nats = torch.tensor([[1.0, 2.0], [1.0, 4.0]]), torch.ones(2, 2)
    >>> distillation_loss(divergences, nats, discount=0.5).item()
    2.0
    """
    constant = divergences.detach()
    later = constant - discounted_returns(constant, discount)
    return divergences.mean() + policy_loss(nats, advantages(later, discount=0.0, normalise=False))
