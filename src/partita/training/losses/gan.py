"""The losses between a generator and its discriminators, as pure functions of tensors. They know nothing of
networks, optimizers or windows.

Layout: a discriminator's logits have any shape; feature maps are (batch, time, ...). What several parts say
is averaged over the patches of each part first, then over the parts, so that a part with many patches does
not outvote the others.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

LOSSES = ("log", "least-squares", "hinge")


def discriminator_loss(real: Tensor, fake: Tensor, *, kind: str = "log") -> Float[Tensor, ""]:
    """Return what the discriminator minimises, from its logits on real and on fake sound.

        log:            -E[log D(x)] - E[log(1 - D(G))],  D = sigmoid(logit);  2 ln 2 = 1.386 when blind
        least-squares:  E[(D(x) - 1)^2] / 2 + E[D(G)^2] / 2,  D = logit;       1/4 when blind
        hinge:          E[max(0, 1 - D(x))] + E[max(0, 1 + D(G))],  D = logit;  2 when blind

    Source: Goodfellow et al. 2014, equation 1; Mao et al. 2017, equation 9 with a = 0, b = c = 1; Lim & Ye
    2017, section 3, as in Miyato et al. 2018, equation 16.

    >>> round(discriminator_loss(torch.zeros(3), torch.zeros(3)).item(), 3)
    1.386
    """
    if kind == "log":
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()
    if kind == "hinge":
        return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
    assert kind == "least-squares"
    return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2


def adversarial_loss(fake: Tensor, *, kind: str = "log", saturating: bool = False) -> Float[Tensor, ""]:
    """Return what the generator minimises in order to fool the discriminator, from its logits on fake sound.

        log:               E[-log D(G)]      (the report's C_2; gradients stay large while D wins)
        log, saturating:   E[log(1 - D(G))]  (the minimax form)
        least-squares:     E[(D(G) - 1)^2] / 2
        hinge:             -E[D(G)]          (without a hinge: its gradient never ends)

    Source: Goodfellow et al. 2014, section 3; Mao et al. 2017, equation 9; Miyato et al. 2018, equation 17.

    >>> blind = torch.zeros(3)
    >>> round(adversarial_loss(blind).item(), 3), round(adversarial_loss(blind, saturating=True).item(), 3)
    (0.693, -0.693)
    """
    if kind == "least-squares":
        return ((fake - 1) ** 2).mean() / 2
    if kind == "hinge":
        return -fake.mean()
    assert kind == "log"
    return -functional.softplus(fake).mean() if saturating else functional.softplus(-fake).mean()


def over_parts(values: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Return the mean of what each part gives.

    >>> over_parts([torch.tensor(1.0), torch.tensor(4.0)]).item()
    2.5
    """
    return torch.as_tensor(sum(values)) / len(values)


def gradient_penalty(waveform: Tensor, logits: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Return R1, how steeply the logits change with real sound; its own gradient reaches the discriminator.

        R1 = E[ |d (sum_i logit_i) / dx|^2 / n ],   n patches i;  the mean over the parts

    With one patch it is the paper's. With many it estimates the mean over patches of |d logit_i / dx|^2:
    exactly where patches don't overlap, otherwise as far as their gradients don't lean on each other.

    Args:
        waveform: (batch, samples) real sound that requires a gradient.
        logits: of each part, (batch, patches), from that waveform; each clip judged by itself.

    Source: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9,
    without its gamma / 2.

    >>> x = torch.tensor([[3.0, 5.0]], requires_grad=True)
    >>> gradient_penalty(x, [2.0 * x]).item()
    4.0
    """
    penalties = []
    for said in logits:
        (slope,) = torch.autograd.grad(said.sum(), waveform, create_graph=True)
        penalties.append(slope.square().sum(1).mean() / said.shape[1])
    return over_parts(penalties)


def feature_matching(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Float[Tensor, ""]:
    """Return how far fake sound's feature maps are from those of the real sound in whose place it stands.

        the mean over parts of the mean over their maps of E|F(x) - F(G)|, the logits left out

    It compares place by place, and so asks for pairs: G must continue, or replace, the same x.

    Args:
        real: the maps of each part, the logits last; a target, without a gradient.
        fake: likewise, of the same shapes.

    Source: Kumar et al. 2019, equation 4; Kong et al. 2020, equation 8; averaged in place of summed.

    >>> x, g, logits = torch.zeros(1, 2, 1), torch.ones(1, 2, 1), torch.zeros(1, 9)
    >>> feature_matching([[x, logits]], [[g, logits]])
    tensor(1.)
    """
    return over_parts(
        [
            over_parts(
                [(a.detach().float() - b.float()).abs().mean() for a, b in zip(xs[:-1], gs[:-1], strict=True)]
            )
            for xs, gs in zip(real, fake, strict=True)
        ]
    )


def feature_statistics(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]
) -> Float[Tensor, ""]:
    """Return how far fake sound's feature maps are from real sound's in their means and variances.

        the mean over parts of the mean over their maps of E|m(x) - m(G)| + E|v(x) - v(G)|,

    m and v the mean and the variance over clips and time of each channel (of each bin, or phase, of it, where
    a map has those). It needs no pairs: any real clips will do, and the fake ones may be fewer or shorter.

    Args:
        real: the maps of each part, the logits last; a target, without a gradient.
        fake: likewise.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1, with variances, whose
    matching Mroueh et al. 2017 (McGan) take further, to covariances.

    >>> x, g = torch.tensor([[[0.0], [2.0]]]), torch.tensor([[[1.0], [1.0], [1.0]]])
    >>> feature_statistics([[x, torch.zeros(1, 2)]], [[g, torch.zeros(1, 3)]])
    tensor(1.)
    """
    return over_parts(
        [
            over_parts([_moments_apart(a.detach(), b) for a, b in zip(xs[:-1], gs[:-1], strict=True)])
            for xs, gs in zip(real, fake, strict=True)
        ]
    )


def _moments_apart(real: Tensor, fake: Tensor) -> Tensor:
    variances, means = zip(
        *(torch.var_mean(one.float(), (0, 1), correction=0) for one in (real, fake)), strict=True
    )
    apart: Tensor = (means[0] - means[1]).abs().mean() + (variances[0] - variances[1]).abs().mean()
    return apart
