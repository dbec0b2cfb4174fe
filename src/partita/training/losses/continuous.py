"""The route `pathwise` for a head with a density: the derivative of drawn values, along the clip.

A head with a density draws a value y at a quantile u of its distribution F, so

    d y_t / d theta = -(d F_t(y_t) / d theta) / p_t(y_t)

up to the rounding to the grid of the classes: for a normal distribution y = m + s e, and the
derivative is d m + e d s (Kingma & Welling 2014; Figurnov et al. 2018 for mixtures). A value also changes all
later ones. As in `relaxation.py`, each pass after the first one follows chains that are one sample longer: a
short differentiable roll-out from the real prompt.

This file does not know any judge.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from partita.models.heads.base import DensityHead


def continuous_clips(
    model: Callable[[Tensor], Tensor],
    head: DensityHead,
    past: Int[Tensor, "clips before"],
    drawn: Int[Tensor, "clips time"],
    *,
    passes: int = 1,
) -> tuple[Float[Tensor, "clips time"], Float[Tensor, "clips time outputs"]]:
    """Return the values of drawn clips, which carry the generator's gradient, and its outputs.

    Args:
        model: the generator, from classes or values to outputs.
        head: its head.
        past: the ends of the prompts, as long as the model's receptive field.
        drawn: the classes that were drawn after them.
        passes: the longest chain of samples that the gradient follows, at least 1.

    Returns:
        the values y of the drawn classes, -1 to 1, after the last pass, and the outputs of the first one.

    >>> from partita.models.heads.gaussian import Gaussian
    >>> mean = torch.zeros((), requires_grad=True)
    >>> outputs = lambda x: torch.stack([mean, torch.zeros(())]).expand(*x.shape, 2)
    >>> values, _ = continuous_clips(outputs, Gaussian(5), torch.tensor([[0]]), torch.tensor([[3, 2]]))
    >>> values.tolist(), torch.autograd.grad(values[0, 0], mean)[0].item()
    ([[0.5, 0.0]], 1.0)
    """
    there, before = head.values(drawn), head.values(past)
    first, last = head.ends(drawn)  # values that were clipped stay where they are

    def moved(outputs: Tensor) -> Tensor:
        return torch.where(first | last, there, head.at_quantile(outputs, there))

    outputs = model(torch.cat([past, drawn[:, :-1]], 1))
    values = moved(outputs)
    for _ in range(passes - 1):
        values = moved(model(torch.cat([before, values[:, :-1]], 1)))
    return values, outputs


def waveform_of(
    values: Float[Tensor, "*shape"], drawn: Int[Tensor, "*shape"], table: Float[Tensor, " classes"]
) -> Float[Tensor, "*shape"]:
    """Return the waveform of drawn classes, with the derivative of their values.

    Args:
        values: the values y of the classes, which carry a gradient.
        drawn: the classes.
        table: the waveform value of each class. Its slope at a class is that of the line through its two
            neighbours.

    >>> y = torch.tensor([0.0], requires_grad=True)
    >>> x = waveform_of(y, torch.tensor([1]), torch.tensor([-0.5, 0.0, 0.5]))
    >>> x.item(), torch.autograd.grad(x[0], y)[0].item()
    (0.0, 0.5)
    """
    last = len(table) - 1
    above, below = (drawn + 1).clamp(max=last), (drawn - 1).clamp(min=0)
    slope = (table[above] - table[below]) * last / (2.0 * (above - below))
    return table[drawn] + (values - values.detach()) * slope
