"""The frame tier: a recurrent network that gives the density of each frame, given the frames before it.

Layout: (batch, frames, columns). Columns are as in `FrameLayout`; the features are modelled, notes and labels
are given. The code length of frames on a grid is bounded by a density over continuous values with

    -log2 P(c) <= E_u[-log2 p(c + u)] - log2(volume of a cell),    u uniform over the cell,

by Jensen's inequality (Theis et al. 2016, "A note on the evaluation of generative models", section 3.1). This
file does not know files, losses, sampling or the optimizer.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.audio.features.layout import PITCH_COLUMNS
from partita.audio.features.mel import FLOOR, SCALE, SHIFT
from partita.audio.features.rounding import feature_steps
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import PITCH_BINS
from partita.models.frame_tier.columns import (
    MIDDLE_PITCH,
    PERIODICITY,
    PITCH,
    PITCH_SCALE,
    ColumnChain,
    Mixture,
    semitone_bins,
)
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.given import GivenChannels, GivenNetwork
from partita.models.frame_tier.randomness import INPUT_NOISE, dequantised, dropout, input_noise, partly_own
from partita.models.frame_tier.recurrent import RecurrentLayer
from partita.models.frame_tier.score import SCORE_ROWS, score_rows

ANY_LEVEL = -100.0, 100.0
"""A range that holds every slow loudness."""
ANY_HOLD = 1.0
"""A share of a note that no note exceeds."""
STARTS = 64
"""Frames from which a clip without a past may start."""
SILENCE = (math.log(FLOOR) + SHIFT) / SCALE
"""The value of a band without sound."""


class FrameModel(nn.Module):
    """Give the density of each frame's features from all frames before it, and from notes and labels.

        e_t = relu([x_t-1, bins(pitch_t-1), g_t, s_t bins(pitch_t-1)] W + b)
        h_t = GRU layers over e_t, by default 2
        p(x_t) = a chain of mixtures over the columns, given h_t and s_t     (see `ColumnChain`)

    x are normalised features: bands and periodicity as they are, pitch p as (p - 69) / 12. g_t are the notes
    and labels of frame t, with the notes of the next frames (see `GivenNetwork`). s_t is the score over the
    semitones (see `score_rows`), by which the network knows whether the newest pitch is of a sounding note.

    Args:
        config: the shape.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.audio.features.layout import FrameLayout
    >>> layout = FrameLayout(hop_length=160, bands=4)
    >>> model = FrameModel(FrameModelConfig(layout=layout, recurrent_channels=8), generator=torch.Generator())
    >>> model.frame_nats(torch.zeros(2, 11, 6)).shape
    torch.Size([2, 10])
    """

    low: Tensor
    high: Tensor
    levels: Tensor
    hold: Tensor
    heard: Tensor
    starts: Tensor
    steps: Tensor
    shift: Tensor
    scale: Tensor
    noise: Tensor

    def __init__(self, config: FrameModelConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        layout, channels = config.layout, config.recurrent_channels
        features, given = layout.feature_columns, config.note_channels if config.given_columns else 0
        matches = SCORE_ROWS if layout.notes else 0
        self.input = nn.Parameter(torch.empty(features + PITCH_BINS + given + matches, channels))
        self.input_bias = nn.Parameter(torch.zeros(channels))
        with torch.no_grad():
            self.input.normal_(0.0, math.sqrt(2.0 / (features + given + 2)), generator=generator)
        self.given = (
            GivenNetwork(
                notes=layout.note_columns,
                labels=len(layout.labels),
                channels=config.note_channels,
                lookahead=config.note_lookahead if layout.notes else 0,
                generator=generator,
            )
            if config.given_columns
            else None
        )
        self.recurrent = nn.ModuleList(
            RecurrentLayer(channels, channels, generator) for _ in range(config.recurrent_layers)
        )
        self.chain = ColumnChain(
            columns=features,
            context=channels,
            channels=config.column_channels,
            mixtures=config.mixtures,
            score=layout.notes,
            generator=generator,
        )
        self._register_ranges()

    def _register_ranges(self) -> None:
        bands = self.config.layout.bands
        silence = torch.tensor([SILENCE] * bands + [MIDDLE_PITCH, 0.0])
        self.register_buffer("low", torch.tensor([SILENCE] * bands + [0.0, 0.0]))
        self.register_buffer("high", torch.tensor([8.0] * bands + [127.0, 1.0]))
        for name, value in {"levels": ANY_LEVEL, "hold": ANY_HOLD, "heard": [0.0] * PITCH_BINS}.items():
            self.register_buffer(name, torch.tensor(value))
        self.register_buffer("starts", torch.empty(STARTS, len(silence)).copy_(silence))
        steps = torch.from_numpy(feature_steps(self.config.layout))
        self.register_buffer("steps", steps, persistent=False)
        periodicity, pitch, band = INPUT_NOISE
        units = {
            "shift": [0.0, MIDDLE_PITCH] + [0.0] * bands,
            "scale": [1.0, PITCH_SCALE] + [1.0] * bands,
            "noise": [periodicity, pitch / PITCH_SCALE] + [band] * bands,
        }
        for name, values in units.items():  # a feature is shift + scale * its normalised value
            self.register_buffer(name, torch.tensor(values), persistent=False)

    @property
    def feature_columns(self) -> int:
        """Columns of a frame that are modelled."""
        return self.config.layout.feature_columns

    def set_range(
        self,
        low: Float[Tensor, " columns"],
        high: Float[Tensor, " columns"],
        levels: tuple[float, float] = ANY_LEVEL,
        hold: float = ANY_HOLD,
    ) -> None:
        """Keep the range of the features in the training frames; drawn features stay in it.

        Args:
            low: the least value of each feature column.
            high: the largest one.
            levels: the usual range of the slow loudness; see `sampling/frames/loudness.py`.
            hold: the largest usual share of a note; see `sampling/frames/holding.py`.
        """
        self.low.copy_(low)
        self.high.copy_(high)
        self.levels.copy_(torch.tensor(levels))
        self.hold.fill_(hold)

    def set_starts(self, frames: Float[Tensor, "frames columns"]) -> None:
        """Keep frames of the training split, one of which a clip without a past starts from.

        Args:
            frames: any number of frames, at least 1; the first 64 are kept, fewer are repeated.

        Raises:
            PartitaError: there is no frame.
        """
        if not len(frames):
            raise PartitaError("there is no frame to start from: give at least 1")
        index = torch.arange(STARTS, device=frames.device) % len(frames)
        self.starts.copy_(frames[index, : self.feature_columns])

    def forward(self, frames: Float[Tensor, "batch frames columns"]) -> Float[Tensor, "batch predicted"]:
        """Return what `frame_nats` returns."""
        return self.frame_nats(frames)

    def frame_nats(self, frames: Float[Tensor, "batch frames columns"]) -> Float[Tensor, "batch predicted"]:
        """Return -ln of the density of each frame but the first, in the units of the features.

        Args:
            frames: (batch, T + 1, columns); frame 0 is only a past.

        Returns:
            (batch, T): entry i is frame i + 1's, given its notes and labels and the frames before it.
        """
        features = self.normalised(frames)
        return self._nats(features[:, :-1], features[:, 1:], self._given(frames[:, 1:]), None)

    def training_nats(
        self,
        frames: Float[Tensor, "batch frames columns"],
        generator: torch.Generator,
        *,
        own_share: float = 0.0,
    ) -> Float[Tensor, "batch predicted"]:
        """Return what `frame_nats` does with the noise of training, whose mean is the loss.

        The targets are spread over the cells of their grid, the inputs are noised, channels are dropped, and
        a part of the past is what the network itself draws, so that it learns to go on from its own frames.

        Args:
            frames: (batch, T + 1, columns) on the grid.
            generator: the random stream, on the device of the frames.
            own_share: the largest share, 0 to 1, of a window's past that is the network's own; the share of
                each window is uniform between 0 and this one.

        Source: Mihaylova & Martins 2019, "Scheduled sampling for Transformers": two passes in parallel, of
        which the first draws each frame given the real ones before it.
        """
        features, given = self.normalised(frames), self._given(frames[:, 1:])
        past = input_noise(features[:, :-1], self.noise, generator)
        targets = self._spread(frames[:, 1:], generator)
        if own_share:
            with torch.no_grad():
                columns, pitch = self._mixtures(past, targets, given, generator)
                own = columns.draw(generator).to(past)
                own[..., PITCH] = pitch.draw(generator).to(past)
            past = partly_own(past, own, own_share, generator)
        return self._nats(past, targets, given, generator)

    def frame_bits(
        self, frames: Float[Tensor, "batch frames columns"], generator: torch.Generator
    ) -> Float[Tensor, "batch predicted"]:
        """Return an upper bound on each frame's code length, in bits, up to the noise of one draw of u.

        Args:
            frames: (batch, T + 1, columns) on the grid.
            generator: the random stream of u, on the device of the frames.
        """
        features = self.normalised(frames)
        targets = self._spread(frames[:, 1:], generator)
        nats = self._nats(features[:, :-1], targets, self._given(frames[:, 1:]), None)
        return (nats - self.steps.log().sum()) / math.log(2.0)

    def normalised(self, frames: Float[Tensor, "*rows columns"]) -> Float[Tensor, "*rows features"]:
        """Return the features of frames as the network takes them: periodicity, pitch, bands."""
        return (self.ordered(frames) - self.shift) / self.scale

    def ordered(self, frames: Float[Tensor, "*rows columns"]) -> Float[Tensor, "*rows features"]:
        """Return the features of frames in the order of the network: periodicity, pitch, bands."""
        bands = self.config.layout.bands
        pitch = frames[..., bands : bands + PITCH_COLUMNS]
        return torch.cat([pitch.flip(-1), frames[..., :bands]], -1)

    def embedded(
        self, past: Float[Tensor, "batch time columns"], given: GivenChannels
    ) -> Float[Tensor, "batch time channels"]:
        """Return the recurrent layers' inputs, from normalised features and what the frames are given."""
        bins = semitone_bins(past[..., PITCH]) * past[..., PERIODICITY, None]
        parts = [past, bins]
        if given.channels is not None:
            parts.append(given.channels)
        if given.score is not None:
            parts.append((given.score * bins[..., None, :]).sum(-1))
        return functional.relu(torch.cat(parts, -1) @ self.input + self.input_bias)

    def given_to(self, columns: Float[Tensor, "batch frames given"]) -> GivenChannels:
        """Return what frames are given, from their columns of notes and labels."""
        layout = self.config.layout
        notes = columns[..., : layout.note_columns]
        return GivenChannels(
            None if self.given is None else self.given(columns),
            score_rows(notes, lookahead=self.config.note_lookahead) if layout.notes else None,
        )

    def _given(self, frames: Tensor) -> GivenChannels:
        return self.given_to(frames[..., self.feature_columns :])

    def _spread(self, frames: Tensor, generator: torch.Generator) -> Tensor:
        return self.normalised(dequantised(frames[..., : self.feature_columns], self.steps, generator))

    def mixtures(self, frames: Float[Tensor, "batch frames columns"]) -> tuple[Mixture, Mixture]:
        """Return the mixtures of all columns of each frame but the first, and those of the pitch.

        Args:
            frames: (batch, T + 1, columns); a column's mixture depends only on the columns before it, in the
                order of the network.
        """
        features = self.normalised(frames)
        return self._mixtures(features[:, :-1], features[:, 1:], self._given(frames[:, 1:]), None)

    def _mixtures(
        self, past: Tensor, values: Tensor, given: GivenChannels, generator: torch.Generator | None
    ) -> tuple[Mixture, Mixture]:
        hidden = self.embedded(past, given)
        for layer in self.recurrent:
            hidden = layer(hidden, hidden.new_zeros(len(hidden), hidden.shape[2]))
            hidden = dropout(hidden, self.config.dropout, generator)
        found: tuple[Mixture, Mixture] = self.chain(hidden, past, values, given.score)
        return found

    def _nats(
        self, past: Tensor, targets: Tensor, given: GivenChannels, generator: torch.Generator | None
    ) -> Tensor:
        columns, pitch = self._mixtures(past, targets, given, generator)
        nats = columns.nats(targets)
        others = nats.sum(-1) - nats[..., PITCH]
        total: Tensor = others + pitch.nats(targets[..., PITCH]) + math.log(PITCH_SCALE)
        return total
