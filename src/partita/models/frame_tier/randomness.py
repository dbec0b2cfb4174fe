"""Noise of training from an explicit random stream, so that a resumed run draws the same numbers.

It does not know which layers use it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

INPUT_NOISE = 0.05, 0.1, 0.1
"""The largest standard deviations of the noise on periodicity, pitch in semitones, and bands in training.

A pitch with more noise would hide from the network that a pitch mostly stays: it would jump in drawn frames.
"""


def dropout(
    values: Float[Tensor, "*shape"], share: float, generator: torch.Generator | None
) -> Float[Tensor, "*shape"]:
    """Set a random share of the values to 0 and scale the others so that the mean stays.

    Args:
        values: any shape.
        share: the share to set to 0, in [0, 1).
        generator: the random stream; None leaves the values as they are.

    Source: Srivastava et al. 2014, "Dropout", section 10.

    >>> dropout(torch.ones(4), 0.5, torch.Generator().manual_seed(0)).unique().tolist()
    [0.0, 2.0]
    """
    if generator is None or share == 0.0:
        return values
    kept = (uniform(values.shape, generator) < 1.0 - share).to(values)
    return values * kept / (1.0 - share)


def input_noise(
    values: Float[Tensor, "batch time columns"], most: Float[Tensor, " columns"], generator: torch.Generator
) -> Float[Tensor, "batch time columns"]:
    """Add Gaussian noise, whose standard deviation is uniform in [0, most], drawn for each row of the batch.

    A network that is trained on slightly wrong inputs learns to return from its own small errors.

    Args:
        values: normalised inputs.
        most: the largest standard deviation in each column.
        generator: the random stream.

    >>> noised = input_noise(torch.zeros(1, 500, 4), torch.full((4,), 0.1), torch.Generator().manual_seed(0))
    >>> 0.0 < float(noised.std()) < 0.1
    True
    """
    scale = uniform(torch.Size((len(values), 1, 1)), generator).to(values)
    noise = torch.randn(values.shape, generator=generator, device=generator.device).to(values)
    return values + most * scale * noise


def dequantised(
    values: Float[Tensor, "... columns"], steps: Float[Tensor, " columns"], generator: torch.Generator
) -> Float[Tensor, "... columns"]:
    """Spread values on a grid evenly over their cells: c + u, u uniform in [-step / 2, step / 2].

    Args:
        values: values on a grid.
        steps: each column's distance between neighbouring values.
        generator: the random stream.

    Source: Uria et al. 2013, "RNADE", section 4; Theis et al. 2016, section 3.1.

    >>> spread = dequantised(torch.zeros(100, 1), torch.tensor([0.5]), torch.Generator().manual_seed(0))
    >>> bool((spread.abs() <= 0.25).all())
    True
    """
    return values + (uniform(values.shape, generator).to(values) - 0.5) * steps


def partly_own(
    past: Float[Tensor, "batch time columns"],
    own: Float[Tensor, "batch time columns"],
    most: float,
    generator: torch.Generator,
) -> Float[Tensor, "batch time columns"]:
    """Replace frames of the past, but not the first, by those that the network drew in their place.

    Args:
        past: real frames.
        own: what the network drew as the frame after each of them.
        most: the largest share that is replaced, 0 to 1; the share in each row is uniform in [0, most].
        generator: the random stream.

    >>> real, own = torch.zeros(1, 500, 1), torch.ones(1, 500, 1)
    >>> 0.0 < float(partly_own(real, own, 1.0, torch.Generator().manual_seed(0)).mean()) < 1.0
    True
    """
    shares = most * uniform(torch.Size((len(past), 1, 1)), generator)
    chosen = uniform(torch.Size((*past.shape[:2], 1)), generator) < shares
    chosen[:, 0] = False
    return torch.where(chosen.to(past.device), own.roll(1, 1), past)


def uniform(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Return uniform numbers in [0, 1), drawn where the stream is: a seed means the same on every device.

    >>> uniform(torch.Size((2, 3)), torch.Generator()).shape
    torch.Size([2, 3])
    """
    return torch.rand(shape, generator=generator, device=generator.device)
