"""The network between the frames of a condition and what it adds to each layer of a WaveNet.

    e_i = the encoded columns of frame i
    g_i = relu(concat(e_i-1, e_i, e_i+1) W_1 + b_1)
    h_i = relu(concat(g_i-1, g_i, g_i+1) W_2 + b_2)
    c_i = h_i V      added to every gated unit and to the sum of the skip connections

The products are made once a frame and interpolated to blocks of samples. This file does not know samples.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.audio.features.layout import HOLD, FrameLayout
from partita.models.conditioning.conditions import Conditions, block_weights

LOWEST_PITCH, PITCH_BINS = 24, 84
"""The first of the pitch's bins of a semitone each, as MIDI note number, and how many there are."""
MARGIN = 2
"""Frames before and after a frame that its products depend on."""


def semitone_weights(note: Float[Tensor, "..."]) -> Float[Tensor, "... bins"]:
    """Return MIDI note numbers as weights of semitone bins; a pitch between two semitones is shared by both.

    Args:
        note: any shape; numbers outside the bins count as the nearest one.

    >>> semitone_weights(torch.tensor(25.25))[:3].tolist()
    [0.0, 0.75, 0.25]
    """
    bins = torch.arange(LOWEST_PITCH, LOWEST_PITCH + PITCH_BINS, device=note.device)
    inside = note.clamp(LOWEST_PITCH, LOWEST_PITCH + PITCH_BINS - 1)
    return (1.0 - (inside[..., None] - bins).abs()).clamp(min=0.0)


def encode_pitch(pitch: Float[Tensor, "... 2"]) -> Float[Tensor, "... bins"]:
    """Return the pitch as weights of semitone bins, and the periodicity.

    A pitch between two semitones is shared by their bins, so that the network can tell cents apart. The bins
    are scaled by the periodicity, since the pitch of a frame without one means nothing.

    Args:
        pitch: MIDI note number and periodicity of each frame.

    >>> encode_pitch(torch.tensor([25.25, 1.0]))[:3].tolist()
    [0.0, 0.75, 0.25]
    """
    periodicity = pitch[..., 1:]
    return torch.cat([semitone_weights(pitch[..., 0]) * periodicity, periodicity], -1)


class Conditioner(nn.Module):
    """Turn frames into what is added to the gated units of all layers and to the skip connections' sum.

    Args:
        layout: the columns of the frames.
        channels: channels of the hidden layers.
        gate_columns: numbers that are added to the gated units: layers * 2 * units.
        skip_channels: channels of the sum of the skip connections.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> layout = FrameLayout(hop_length=160, bands=3)
    >>> conditioner = Conditioner(layout, channels=16, gate_columns=8, skip_channels=4)
    >>> conditioner(torch.zeros(2, 7, 5)).shape
    torch.Size([2, 7, 12])
    """

    def __init__(
        self,
        layout: FrameLayout,
        *,
        channels: int,
        gate_columns: int,
        skip_channels: int,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.layout, self.gate_columns = layout, gate_columns
        pitch = PITCH_BINS + 1 if layout.bands else 0
        encoded = layout.bands + pitch + layout.note_columns + len(layout.labels)
        self.input = nn.Parameter(torch.empty(3 * encoded, channels))
        self.input_bias = nn.Parameter(torch.zeros(channels))
        self.hidden = nn.Parameter(torch.empty(3 * channels, channels))
        self.hidden_bias = nn.Parameter(torch.zeros(channels))
        self.gates = nn.Parameter(torch.empty(channels, gate_columns))
        self.skips = nn.Parameter(torch.empty(channels, skip_channels))
        with torch.no_grad():
            for weight, gain in (
                (self.input, 2.0),
                (self.hidden, 2.0),
                (self.gates, 0.25),
                (self.skips, 0.25),
            ):
                weight.normal_(0.0, math.sqrt(gain / weight.shape[0]), generator=generator)

    def forward(
        self, frames: Float[Tensor, "batch frames columns"]
    ) -> Float[Tensor, "batch frames products"]:
        """Return the products of every frame: the gated units' of all layers, then the skip connections'.

        Before the first frame and after the last the nearest frame counts, so the `MARGIN` frames at each end
        differ from those of a longer excerpt.
        """
        encoded = self._encode(frames)
        hidden = functional.relu(_three_frames(encoded) @ self.input + self.input_bias)
        hidden = functional.relu(_three_frames(hidden) @ self.hidden + self.hidden_bias)
        return torch.cat([hidden @ self.gates, hidden @ self.skips], -1)

    def blocks(self, conditions: Conditions, *, samples: int) -> Float[Tensor, "batch blocks products"]:
        """Return the products of the blocks that consecutive samples are in, interpolated from the frames.

        Args:
            conditions: frames, and where the first sample is.
            samples: consecutive samples, from `conditions.start` on.

        Returns:
            (batch, blocks, products), with one block more than any row may need.
        """
        products: Tensor = self(conditions.frames)
        weights = block_weights(
            conditions.start,
            blocks=(samples + HOLD - 2) // HOLD + 1,
            frames=products.shape[1],
            hop_length=self.layout.hop_length,
        )
        interpolated: Tensor = weights.to(products.dtype) @ products
        return interpolated

    def _encode(self, frames: Tensor) -> Tensor:
        bands, count = self.layout.bands, self.layout.feature_columns
        if not bands:
            return frames
        return torch.cat(
            [frames[..., :bands], encode_pitch(frames[..., bands:count]), frames[..., count:]], -1
        )


def _three_frames(frames: Tensor) -> Tensor:
    """Return each frame beside the frame before and the one after, (batch, frames, 3 * columns)."""
    before = torch.cat([frames[:, :1], frames[:, :-1]], 1)
    after = torch.cat([frames[:, 1:], frames[:, -1:]], 1)
    return torch.cat([before, frames, after], -1)
