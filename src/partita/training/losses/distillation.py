"""What a critic makes of drawn clips, with the sum over all classes in place of the one that was drawn.

A critic knows the probability of every class, so of each sample's reward log p_c - log p_g the mean over the
draw is known: minus the divergence of the two distributions at that point. For clips x from the generator,

    k_t = KL(p_g(. | x_<t) || p_c(. | x_<t))                                (`divergences`)
    KL(p_g || p_c) = E of the sum of k_t

and by the product rule its gradient is that of k_t itself, the past being given, and what a draw does to
all later k_s:

    loss = mean of k_t + mean of A_t (-log p_g(x_t | x_<t)),
    A_t = mean of the other clips' L_t - L_t,   L_t = sum over s > t of gamma^(s - t) k_s,   A_t constant

(`distillation_loss`). With gamma = 1 its expected gradient is exactly that of KL(p_g || p_c) / T, as it is
for the policy gradient with the rewards of what was drawn; but the first term has no noise of draws at all,
which was most of it. What is left comes with the second term and grows with gamma; with 0 there is the first
term alone, which takes the pasts as given: where the generator leads itself, nobody is told.

Layout: (clips, time). This file knows neither networks nor how clips are drawn.

Source: Agarwal et al. 2024 (GKD, the first term); Gu et al. 2024 (MiniLLM, section 2.2: both terms).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.training.losses.policy_gradient import advantages, discounted, policy_loss


def divergences(
    ours: Float[Tensor, "clips time classes"], critics: Float[Tensor, "clips time classes"]
) -> Float[Tensor, "clips time"]:
    """Return KL(p_g || p_c) at every point of the clips, in nats.

    Its derivative is taken as sum of (log p_g - log p_c) dp_g: what is left out, the sum of dp_g, is 0, and
    where both agree nothing but rounding would be left, which a weight that is a share would blow up.

    Args:
        ours: the generator's logits, which may carry a gradient.
        critics: the critic's logits at the same points.

    >>> alike, apart = torch.zeros(1, 1, 2), torch.tensor([[[0.0, 30.0]]])
    >>> divergences(alike, alike).item(), round(divergences(apart, alike).item(), 4)
    (0.0, 0.6931)
    """
    log_p = torch.log_softmax(ours, -1)
    gap = log_p.detach() - torch.log_softmax(critics, -1)
    return (log_p.exp() * gap).sum(-1)


def distillation_loss(
    apart: Float[Tensor, "clips time"], nats: Float[Tensor, "clips time"], *, discount: float
) -> Float[Tensor, ""]:
    """Return what the generator minimises, in nats a sample, as its likelihood's loss is: with that, at a
    plain weight of 1 and gamma = 1, it follows KL(p_data || p_g) + KL(p_g || p_c).

    Args:
        apart: k_t of at least two clips, in nats; carries the gradient.
        nats: -log p_g of each drawn sample; carries the gradient.
        discount: gamma, 0 to 1.

    >>> apart, nats = torch.tensor([[1.0, 2.0], [1.0, 4.0]]), torch.ones(2, 2)
    >>> distillation_loss(apart, nats, discount=0.5).item()
    2.0
    """
    given = apart.detach()
    later = given - discounted(given, discount)
    return apart.mean() + policy_loss(nats, advantages(later, discount=0.0, normalise=False))
