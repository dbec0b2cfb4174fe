"""What a frame is given besides its past: notes, those of the next frames too, and labels.

It does not know features, nor how the frame tier uses its output.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class GivenChannels(NamedTuple):
    """What frames are given besides their past; both are None where the layout has no such columns."""

    channels: Float[Tensor, "batch frames channels"] | None
    """The output of `GivenNetwork`."""
    score: Float[Tensor, "batch frames rows bins"] | None
    """The score over the semitones."""


class GivenNetwork(nn.Module):
    """Turn the notes of a frame and of the frames after it, and the labels of the frame, into channels.

        e_t = relu(notes_t W + b)
        g_t = relu(sum over k of e_t+k C_k + labels_t L + c),    k = 0 to `lookahead`

    After the last frame there are no notes.

    Args:
        notes: note columns; may be 0.
        labels: label columns; may be 0.
        channels: channels of the hidden layer and of the output.
        lookahead: frames ahead whose notes are known.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> network = GivenNetwork(notes=3, labels=1, channels=8, lookahead=2, generator=None)
    >>> network(torch.zeros(2, 7, 4)).shape
    torch.Size([2, 7, 8])
    """

    def __init__(
        self, *, notes: int, labels: int, channels: int, lookahead: int, generator: torch.Generator | None
    ) -> None:
        super().__init__()
        self.notes, self.lookahead = notes, lookahead
        self.input = nn.Parameter(torch.empty(notes, channels))
        self.input_bias = nn.Parameter(torch.zeros(channels))
        self.ahead = nn.Parameter(torch.empty(lookahead + 1, channels, channels))
        self.labels = nn.Parameter(torch.empty(labels, channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        with torch.no_grad():
            self.input.normal_(0.0, 0.5, generator=generator)  # few notes sound at a time
            self.ahead.normal_(0.0, math.sqrt(2.0 / (channels * (lookahead + 1))), generator=generator)
            self.labels.normal_(0.0, 1.0, generator=generator)

    def forward(self, given: Float[Tensor, "batch frames columns"]) -> Float[Tensor, "batch frames channels"]:
        """Return the channels of every frame; the columns are the notes, then the labels."""
        notes, labels = given[..., : self.notes], given[..., self.notes :]
        padded = functional.pad(notes, (0, 0, 0, self.lookahead))
        embedded = functional.relu(padded @ self.input + self.input_bias)
        ahead = functional.conv1d(embedded.transpose(1, 2), self.ahead.permute(2, 1, 0)).transpose(1, 2)
        return functional.relu(ahead + labels @ self.labels + self.bias)
