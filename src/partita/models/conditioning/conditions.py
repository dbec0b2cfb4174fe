"""Frames that belong to windows of samples, and their interpolation to the time of samples.

Frame i is centred at sample i * hop_length of a segment. Sample t of a segment belongs to block t // HOLD;
all samples of a block share the condition that is interpolated at the block's centre. Blocks are counted from
the start of the segment, so a sample's condition does not depend on the window that it is in.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from partita.audio.features.layout import HOLD


@dataclass(frozen=True)
class Conditions:
    """The frames around each window of a batch.

    Args:
        frames: (batch, frames, columns) float32, consecutive frames.
        start: (batch,) int64; samples from the centre of a row's first frame to the window's first sample, at
            least 0. The centre of the first frame is at a multiple of `HOLD` in its segment.

    >>> conditions = Conditions(torch.zeros(2, 5, 3), torch.tensor([0, 7]))
    >>> conditions.shifted(10).start.tolist(), conditions.rows([1]).start.tolist()
    ([10, 17], [7])
    """

    frames: Float[Tensor, "batch frames columns"]
    start: Int[Tensor, " batch"]

    def shifted(self, samples: int | Int[Tensor, " batch"]) -> "Conditions":
        """Return the conditions of windows that begin so many samples later."""
        return Conditions(self.frames, self.start + samples)

    def rows(self, index: list[int] | Int[Tensor, " rows"]) -> "Conditions":
        """Return the conditions of some rows of the batch, in the given order."""
        return Conditions(self.frames[index], self.start[index])

    def to(self, device: torch.device) -> "Conditions":
        """Return the conditions on a device."""
        return Conditions(self.frames.to(device), self.start.to(device))


def interpolated(
    values: Float[Tensor, "batch frames *columns"], places: Float[Tensor, "batch samples"]
) -> Float[Tensor, "batch samples *columns"]:
    """Return values between frames, linearly interpolated.

    Args:
        values: of each frame.
        places: 0 is the first frame; before it and after the last one the nearest frame counts.

    >>> interpolated(torch.tensor([[0.0, 4.0]]), torch.tensor([[-1.0, 0.25, 9.0]])).tolist()
    [[0.0, 1.0, 4.0]]
    """
    last = values.shape[1] - 1
    places = places.clamp(0, last)
    first = places.long().clamp(max=max(0, last - 1))
    share = (places - first).reshape(*places.shape, *[1] * (values.ndim - 2))
    rows = torch.arange(len(values), device=values.device)[:, None]
    low, high = values[rows, first], values[rows, (first + 1).clamp(max=last)]
    return low + share * (high - low)


def block_weights(
    start: Int[Tensor, " batch"], *, blocks: int, frames: int, hop_length: int
) -> Float[Tensor, "batch blocks frames"]:
    """Return the weights that interpolate frames linearly at the centres of blocks.

    Args:
        start: (batch,) samples from the centre of frame 0 to any sample of the first block.
        blocks: consecutive blocks.
        frames: frames; before the first and after the last the nearest frame counts.
        hop_length: samples from one frame to the next.

    Returns:
        (batch, blocks, frames): each row sums to 1.

    >>> block_weights(torch.tensor([0]), blocks=2, frames=2, hop_length=32)[0].tolist()
    [[0.765625, 0.234375], [0.265625, 0.734375]]
    """
    first = start // HOLD
    centre = HOLD * (first[:, None] + torch.arange(blocks, device=start.device)) + (HOLD - 1) / 2
    place = (centre / hop_length).clamp(0, frames - 1)
    distance = (place[:, :, None] - torch.arange(frames, device=start.device)).abs()
    return (1.0 - distance).clamp(min=0.0)
