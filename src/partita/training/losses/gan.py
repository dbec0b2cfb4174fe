"""The losses between a generator and its discriminators.

Layout: the logits of a discriminator have any shape; feature maps are (batch, time, ...). With several
sub-discriminators a loss is averaged over the patches of each one first, then over the sub-discriminators, so
one with many patches has no larger weight.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

LOSSES = ("log", "least-squares", "hinge", "relativistic")
RELATIVISTIC = "relativistic"
REWARDING = ("log", "least-squares", "hinge")
"""The losses whose logits say by themselves how real a clip is."""


def discriminator_loss(real: Tensor, fake: Tensor, *, kind: str = "log") -> Float[Tensor, ""]:
    """Return the discriminator's loss from its logits on real and on fake sound.

        log:            -E[log D(x)] - E[log(1 - D(G))],  D = sigmoid(logit)
        least-squares:  E[(D(x) - 1)^2] / 2 + E[D(G)^2] / 2,  D = logit
        hinge:          E[max(0, 1 - D(x))] + E[max(0, 1 + D(G))],  D = logit
        relativistic:   -E[log sigmoid(D(x) - D(G))],  D = logit, x what really follows the prompt of G

    The best constant D has a loss of 2 ln 2 = 1.386 (log), 1/4 (least-squares), 2 (hinge) or ln 2
    (relativistic).

    Args:
        real: logits on real sound, any shape.
        fake: logits on fake sound, any shape; for the relativistic loss that of `real`, paired with it.
        kind: one of `LOSSES`.

    Source: Goodfellow et al. 2014, equation 1; Mao et al. 2017, equation 9 with a = 0, b = c = 1; Lim & Ye
    2017, section 3, as in Miyato et al. 2018, equation 16; Jolicoeur-Martineau 2019, and Huang et al. 2024
    (R3GAN), equation 2.

    >>> round(discriminator_loss(torch.zeros(3), torch.zeros(3)).item(), 3)
    1.386
    """
    if kind == "log":
        return functional.softplus(-real).mean() + functional.softplus(fake).mean()
    if kind == "hinge":
        return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
    if kind == RELATIVISTIC:
        return functional.softplus(fake - real).mean()
    assert kind == "least-squares"
    return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2


def adversarial_loss(
    fake: Tensor, *, kind: str = "log", saturating: bool = False, real: Tensor | None = None
) -> Float[Tensor, ""]:
    """Return the generator's adversarial loss from the discriminator's logits on fake sound.

        log:               E[-log D(G)]      (the report's C_2; its gradient stays large while D is accurate)
        log, saturating:   E[log(1 - D(G))]  (the minimax form)
        least-squares:     E[(D(G) - 1)^2] / 2
        hinge:             -E[D(G)]          (no hinge: the gradient is constant)
        relativistic:      -E[log sigmoid(D(G) - D(x))]

    Args:
        fake: logits on fake sound, any shape; carry the generator's gradient.
        kind: one of `LOSSES`.
        saturating: the minimax form; for `log` only.
        real: logits on what really follows the same prompts, for the relativistic loss.

    Source: Goodfellow et al. 2014, section 3; Mao et al. 2017, equation 9; Miyato et al. 2018, equation 17.

    >>> even = torch.zeros(3)
    >>> round(adversarial_loss(even).item(), 3), round(adversarial_loss(even, saturating=True).item(), 3)
    (0.693, -0.693)
    """
    if kind == "least-squares":
        return ((fake - 1) ** 2).mean() / 2
    if kind == "hinge":
        return -fake.mean()
    if kind == RELATIVISTIC:
        assert real is not None, "the relativistic loss compares with real sound"
        return functional.softplus(real.detach() - fake).mean()
    assert kind == "log"
    return -functional.softplus(fake).mean() if saturating else functional.softplus(-fake).mean()


def mean_over_discriminators(values: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Return the mean of one value for each sub-discriminator, with equal weights.

    Args:
        values: scalars, at least one.

    >>> mean_over_discriminators([torch.tensor(1.0), torch.tensor(4.0)]).item()
    2.5
    """
    return torch.as_tensor(sum(values)) / len(values)


def gradient_penalty(waveform: Tensor, logits: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Return the gradient penalty R1 or R2: the squared slope of the logits at real, or at drawn, sound.

        R1, R2 = E[ |d (sum_i logit_i) / dx|^2 / n ],   n patches i;  the mean over the sub-discriminators

    With one patch it is the paper's. With many it estimates the mean over patches of |d logit_i / dx|^2: it
    is exact if the gradients of different patches are orthogonal, for example if patches do not overlap. Its
    own gradient reaches the discriminator.

    Args:
        waveform: (batch, samples) sound that requires a gradient.
        logits: of each sub-discriminator, (batch, patches), computed from the waveform; the logits of a clip
            depend on this clip only.

    Source: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9,
    without its gamma / 2.

    >>> x = torch.tensor([[3.0, 5.0]], requires_grad=True)
    >>> gradient_penalty(x, [2.0 * x]).item()
    4.0
    """
    penalties = []
    for each in logits:
        (slope,) = torch.autograd.grad(each.sum(), waveform, create_graph=True)
        penalties.append(slope.square().sum(1).mean() / each.shape[1])
    return mean_over_discriminators(penalties)


def difference_penalty(
    pairs: Sequence[Sequence[Float[Tensor, "batch patches"]]], *, distance: float
) -> Float[Tensor, ""]:
    """Return an estimate of R1 or R2 from logits of sound and of the same sound with white noise.

        E[ (logit_i(x + s e) - logit_i(x))^2 / s^2 ],   e ~ N(0, 1)

    For a small s it is the mean over patches of |d logit_i / dx|^2, without second derivatives. That of
    `gradient_penalty` is of the sum of the logits, so its weight is another strength where patches overlap.

    Args:
        pairs: of each sub-discriminator the logits without and with the noise.
        distance: s, the standard deviation of the noise.

    Source: Lin et al. 2025, "Diffusion Adversarial Post-Training for One-Step Video Generation", equation 7.

    >>> x = torch.zeros(1, 3)
    >>> round(difference_penalty([(x, x + 0.02)], distance=0.01).item(), 4)
    4.0
    """
    return mean_over_discriminators(
        [((with_ - without) / distance).square().mean() for without, with_ in pairs]
    )


def feature_matching(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Float[Tensor, ""]:
    """Return the mean absolute difference between the feature maps of fake and of real sound.

        mean over sub-discriminators and maps of E|F(x) - F(G)|, without the logits

    The maps are compared position by position, so each fake waveform needs the real one that it replaces.

    Args:
        real: the maps of each sub-discriminator, the logits last; a target without a gradient.
        fake: likewise, of the same shapes; carry the gradient.

    Source: Kumar et al. 2019, equation 4; Kong et al. 2020, equation 8; averaged in place of summed.

    >>> x, g, logits = torch.zeros(1, 2, 1), torch.ones(1, 2, 1), torch.zeros(1, 9)
    >>> feature_matching([[x, logits]], [[g, logits]])
    tensor(1.)
    """
    return mean_over_discriminators(
        [
            mean_over_discriminators(
                [(a.detach().float() - b.float()).abs().mean() for a, b in zip(xs[:-1], gs[:-1], strict=True)]
            )
            for xs, gs in zip(real, fake, strict=True)
        ]
    )


def feature_statistics(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]
) -> Float[Tensor, ""]:
    """Return the difference between the means and variances of the feature maps of fake and of real sound.

        mean over sub-discriminators and maps of E|m(x) - m(G)| + E|v(x) - v(G)|, without the logits

    m and v are the mean and the variance over clips and time of each channel (and each bin or phase, for maps
    that have them). The waveforms need not be pairs, and the fake ones may be fewer or shorter.

    Args:
        real: the maps of each sub-discriminator, the logits last; a target without a gradient.
        fake: likewise; carry the gradient.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1, for means; Mroueh et
    al. 2017 (McGan) match covariances.

    >>> x, g = torch.tensor([[[0.0], [2.0]]]), torch.tensor([[[1.0], [1.0], [1.0]]])
    >>> feature_statistics([[x, torch.zeros(1, 2)]], [[g, torch.zeros(1, 3)]])
    tensor(1.)
    """
    return mean_over_discriminators(
        [
            mean_over_discriminators(
                [_moment_difference(a.detach(), b) for a, b in zip(xs[:-1], gs[:-1], strict=True)]
            )
            for xs, gs in zip(real, fake, strict=True)
        ]
    )


def _moment_difference(real: Tensor, fake: Tensor) -> Tensor:
    variances, means = zip(
        *(torch.var_mean(one.float(), (0, 1), correction=0) for one in (real, fake)), strict=True
    )
    difference: Tensor = (means[0] - means[1]).abs().mean() + (variances[0] - variances[1]).abs().mean()
    return difference
