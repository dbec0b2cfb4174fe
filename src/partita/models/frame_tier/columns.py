"""The density of a frame's feature columns, one after the other, each a mixture of Gaussians.

    p(x) = product over columns d of  sum over k of w_dk N(x_d; m_dk, s_dk)

w, m and s of a column depend on the recurrent layers and on the columns before it, so the columns of a frame
fit together (Uria et al. 2013, "RNADE"). The order is periodicity, pitch, bands. Means are relative to the
column's value one frame before. The pitch also has one narrow Gaussian at each semitone, since a new note may
be any; a score makes those of its notes more likely. All values here are normalised, but the network's
outputs for the pitch are in semitones: it mostly changes by hundredths of an octave, too little for a network
to learn. This file does not know time.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.models.conditioning.conditioner import LOWEST_PITCH, PITCH_BINS, semitone_weights
from partita.models.frame_tier.randomness import uniform
from partita.models.frame_tier.score import SCORE_ROWS

PERIODICITY, PITCH = 0, 1
"""Places of the first columns; the bands follow."""
MIDDLE_PITCH, PITCH_SCALE = 69.0, 12.0
"""A pitch p, a MIDI note number, is normalised as (p - 69) / 12."""
SCORE_START = [2.0, 0.0, 0.0]
"""Initial weights of the rows of a score: a note that sounds is likely."""
LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION = -6.0, 3.0
HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


class Mixture(NamedTuple):
    """Gaussians of one or more columns, normalised units; the last axis holds the Gaussians."""

    logits: Float[Tensor, "... gaussians"]
    means: Float[Tensor, "... gaussians"]
    log_deviations: Float[Tensor, "... gaussians"]

    def nats(self, values: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return -ln of the density of each value.

        >>> one = Mixture(torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1, 1))
        >>> round(float(one.nats(torch.zeros(1))), 4)
        0.9189
        """
        places = (values[..., None] - self.means) * torch.exp(-self.log_deviations)
        logs = functional.log_softmax(self.logits, -1) - self.log_deviations - 0.5 * places.square()
        return HALF_LOG_TAU - torch.logsumexp(logs, -1)

    def draw(self, generator: torch.Generator) -> Float[Tensor, "..."]:
        """Return a random number from each mixture.

        >>> one = Mixture(torch.zeros(9, 1), torch.full((9, 1), 5.0), torch.full((9, 1), -9.0))
        >>> bool(((one.draw(torch.Generator()) - 5.0).abs() < 0.01).all())
        True
        """
        shares = torch.softmax(self.logits, -1)
        rows = shares.shape[:-1]
        level = uniform(rows, generator).to(shares)[..., None]
        chosen = (shares.cumsum(-1) < level).sum(-1, keepdim=True).clamp(max=shares.shape[-1] - 1)
        means, log_deviations = (part.gather(-1, chosen)[..., 0] for part in self[1:])
        noise = torch.randn(rows, generator=generator, device=generator.device).to(means)
        return means + log_deviations.exp() * noise


def semitone_bins(pitch: Float[Tensor, "..."]) -> Float[Tensor, "... bins"]:
    """Return a normalised pitch as weights of semitones; a pitch between two semitones is shared by both.

    >>> int(semitone_bins(torch.tensor(0.0)).argmax()) + LOWEST_PITCH
    69
    """
    return semitone_weights(PITCH_SCALE * pitch + MIDDLE_PITCH)


class ColumnChain(nn.Module):
    """The mixtures of all columns of a frame, given the recurrent layers' output and the earlier columns.

        h_d = relu(c V_d + sum over e < d of x_e U_de + bins(pitch) B_d)        (B for the bands only)
        logits, a, b of column d = h_d W_d + w_d
        means = (1 + r_d) x'_d + v_d a,    log deviations = b + ln v_d

    x' is the frame before, and v_d is 1, or 1 / 12 for the pitch. With a score s, as `score_rows` returns
    it, the logit of semitone j has in addition

        sum over r of (h_pitch S_r + t_r) s_rj

    Args:
        columns: feature columns, at least 3.
        context: channels of the recurrent layers' output.
        channels: hidden channels of each column.
        mixtures: Gaussians of each column.
        score: whether there is a score.
        generator: the random stream of the initial weights; None takes PyTorch's global one.
    """

    mask: Tensor
    units: Tensor

    def __init__(
        self,
        *,
        columns: int,
        context: int,
        channels: int,
        mixtures: int,
        score: bool,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__()
        self.columns, self.channels, self.mixtures = columns, channels, mixtures
        self.context = nn.Parameter(torch.empty(context, columns * channels))
        self.context_bias = nn.Parameter(torch.zeros(columns * channels))
        self.earlier = nn.Parameter(torch.empty(columns, columns, channels))
        self.bins = nn.Parameter(torch.empty(PITCH_BINS, (columns - 2) * channels))
        self.output = nn.Parameter(torch.empty(columns, channels, 3 * mixtures))
        self.output_bias = nn.Parameter(torch.empty(columns, 3 * mixtures))
        self.semitones = nn.Parameter(torch.empty(channels, PITCH_BINS + 2))
        self.semitones_bias = nn.Parameter(torch.zeros(PITCH_BINS + 2))
        self.score = nn.Parameter(torch.zeros(channels, SCORE_ROWS)) if score else None
        self.score_bias = nn.Parameter(torch.tensor(SCORE_START)) if score else None
        self.carry_change = nn.Parameter(torch.zeros(columns))  # weight decay pulls the factor towards 1
        units = [1.0 / PITCH_SCALE if column == PITCH else 1.0 for column in range(columns)]
        self.register_buffer("units", torch.tensor(units), persistent=False)
        self.register_buffer("mask", torch.ones(columns, columns).tril(-1)[..., None], persistent=False)
        self._initialise(generator)

    def _initialise(self, generator: torch.Generator | None) -> None:
        with torch.no_grad():
            for weight, scale in (
                (self.context, math.sqrt(2.0 / len(self.context))),
                (self.earlier, 0.1),
                (self.bins, 0.1),
                (self.output, 0.3 / math.sqrt(self.channels)),
                (self.semitones, 0.3 / math.sqrt(self.channels)),
            ):
                weight.normal_(0.0, scale, generator=generator)
            self.output_bias.normal_(0.0, 0.3, generator=generator)
            self.output_bias[:, 2 * self.mixtures :] -= 1.0
            self.output_bias[:, self.mixtures : 2 * self.mixtures] *= 0.3
            self.semitones_bias[-1] = -1.5

    def forward(
        self,
        context: Float[Tensor, "batch time channels"],
        before: Float[Tensor, "batch time columns"],
        values: Float[Tensor, "batch time columns"],
        score: Float[Tensor, "batch time rows bins"] | None,
    ) -> tuple[Mixture, Mixture]:
        """Return the mixtures of all columns, then the pitch's mixture, which has the semitones too.

        Args:
            context: the output of the recurrent layers.
            before: the frame before each frame.
            values: the frames; a column's mixture depends on the columns before it only.
            score: what the score says about each semitone in each frame; None without a score.
        """
        hidden = functional.relu(self._hidden(context, values))
        columns = torch.einsum("btdh,dhp->btdp", hidden, self.output) + self.output_bias
        logits, changes, deviations = columns.chunk(3, -1)
        units = self.units[:, None]
        means = ((1.0 + self.carry_change) * before)[..., None] + units * changes
        deviations = (deviations + units.log()).clamp(LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION)
        mixtures = Mixture(logits, means, deviations)
        relative = Mixture(*(part[:, :, PITCH] for part in mixtures))
        return mixtures, self._pitch(hidden[:, :, PITCH], relative, score)

    def _hidden(self, context: Tensor, values: Tensor) -> Tensor:
        earlier = (self.earlier * self.mask).transpose(0, 1).flatten(1)  # from column e to all later ones
        hidden = context @ self.context + self.context_bias + values @ earlier
        bands = hidden[..., 2 * self.channels :] + semitone_bins(values[..., PITCH]) @ self.bins
        hidden = torch.cat([hidden[..., : 2 * self.channels], bands], -1)
        return hidden.view(*hidden.shape[:-1], self.columns, self.channels)

    def _pitch(self, hidden: Tensor, relative: Mixture, score: Tensor | None) -> Mixture:
        """Append a Gaussian at each semitone, all with one offset (the tuning) and one deviation."""
        found = hidden @ self.semitones + self.semitones_bias
        logits, offset, deviation = (
            found[..., :-2],
            found[..., -2:-1],
            found[..., -1:] - math.log(PITCH_SCALE),
        )
        if score is not None:
            assert self.score is not None and self.score_bias is not None
            weights = hidden @ self.score + self.score_bias
            logits = logits + (weights[..., None] * score).sum(-2)
        bins = torch.arange(LOWEST_PITCH, LOWEST_PITCH + PITCH_BINS, device=hidden.device)
        means = (bins.to(hidden.dtype) - MIDDLE_PITCH) / PITCH_SCALE + torch.tanh(offset) / PITCH_SCALE
        deviations = deviation.clamp(LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION).expand_as(logits)
        return Mixture(
            torch.cat([relative.logits, logits], -1),
            torch.cat([relative.means, means], -1),
            torch.cat([relative.log_deviations, deviations], -1),
        )
