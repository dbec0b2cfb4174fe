"""The rule by which a frame is drawn, in plain PyTorch and NumPy. This file does not try to be fast.

Column d of frame t of clip c takes the three uniforms u_0, u_1, u_2 from number 3 (t D + d) on, of D columns:

    k = the first Gaussian whose cumulative weight exceeds u_0, where weights are softmax(logits / T)
    x = m_k + T s_k sqrt(-2 ln u_1) cos(2 pi u_2)                                    (Box and Muller 1958)

and x is clamped to the range of the training frames, then rounded to the grid. T is the temperature.

With a guidance g other than 1, the network also computes the Gaussians of each column without notes and
labels, u. Those with them, c, then have the logits u + g (c - u), and all columns but the pitch have the
means u + g (c - u) too. Source: Ho & Salimans 2022, "Classifier-free diffusion guidance", equation 6.
Where no note is given, the logits of the pitch are then lowered as `sampling/frames/holding.py` says.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.audio.features.pitch import VOICED
from partita.models.frame_tier.columns import (
    LEAST_LOG_DEVIATION,
    MIDDLE_PITCH,
    MOST_LOG_DEVIATION,
    PITCH,
    PITCH_SCALE,
    Mixture,
)
from partita.models.frame_tier.model import FrameModel
from partita.sampling.frames.holding import hold_penalties
from partita.sampling.uniforms import uniforms
from partita.seeds import stream_seed

UNIFORMS = 3
"""Uniforms for each column."""


def frame_seed(seed: int) -> int:
    """Return the seed of the frames' uniforms, so that they differ from those of the samples.

    >>> frame_seed(0) != frame_seed(1)
    True
    """
    return stream_seed(seed, "frames")


def draw_from(mixture: Mixture, uniforms_: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return a number for each row of a mixture.

    Args:
        mixture: (..., Gaussians).
        uniforms_: (..., 3).
        temperature: scales the deviations, and its inverse scales the logits.

    >>> one = Mixture(torch.zeros(1), torch.full((1,), 5.0), torch.zeros(1))
    >>> float(draw_from(one, np.array([0.3, np.exp(-0.5), 0.0]), 1.0))
    6.0
    """
    logits, means, deviations = (part.detach().double().numpy() for part in mixture)
    weights = np.exp((logits - logits.max(-1, keepdims=True)) / temperature)
    cumulative = weights.cumsum(-1)
    chosen = (cumulative <= uniforms_[..., :1] * cumulative[..., -1:]).sum(-1, keepdims=True)
    mean, log_deviation = (np.take_along_axis(part, chosen, -1)[..., 0] for part in (means, deviations))
    deviation = np.exp(log_deviation.clip(LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION))
    normal = np.sqrt(-2.0 * np.log(uniforms_[..., 1])) * np.cos(2.0 * np.pi * uniforms_[..., 2])
    drawn: NDArray[np.float64] = mean + temperature * deviation * normal
    return drawn


def values_given(
    model: FrameModel,
    frames: Tensor,
    *,
    count: int,
    seed: int,
    temperature: float,
    guidance: float = 1.0,
    first: int = 0,
) -> NDArray[np.float64]:
    """Draw every column of the last frames anew, each after the columns before it as they are in `frames`.

    This checks a sampler: the value that it drew for a column is the one returned here, if all columns before
    it are equal.

    Args:
        model: the model.
        frames: (clips, n, columns), of which the last `count` are drawn anew. A column of `frames` is the
            past of the columns after it, and does not change what is drawn in its own place.
        count: frames, below n.
        seed: seed of the draw.
        temperature: see `draw_from`.
        guidance: how strongly the frames follow notes and labels.
        first: the number of the first drawn frame.

    Returns:
        (clips, count, feature columns) in the units and the order of the features, neither clamped nor
        rounded.
    """
    columns, pitch = guided_mixtures(model, frames, guidance)
    clips, width = len(frames), model.feature_columns
    numbers = uniforms(frame_seed(seed), clips, first * UNIFORMS * width, count * UNIFORMS * width)
    u = numbers.reshape(clips, count, width, UNIFORMS)
    columns = Mixture(*(part[:, -count:] for part in columns))
    normalised = draw_from(columns, u, temperature)
    pitch = Mixture(*(part[:, -count:] for part in pitch))
    pitch = pitch._replace(logits=pitch.logits - hold_penalties_of(model, frames, pitch.means))
    normalised[..., PITCH] = draw_from(pitch, u[..., PITCH, :], temperature)
    values = model.shift.double().numpy() + model.scale.double().numpy() * normalised
    return np.concatenate([values[..., 2:], values[..., 1::-1]], -1)


def guided_mixtures(model: FrameModel, frames: Tensor, guidance: float) -> tuple[Mixture, Mixture]:
    """Return the mixtures of all columns of each frame but the first, and those of the pitch.

    Args:
        model: the model.
        frames: (clips, n, columns).
        guidance: how strongly the frames follow notes and labels.
    """
    without = frames.clone()
    without[..., model.feature_columns :] = 0.0
    with torch.no_grad():
        (columns, pitch), (plain, plain_pitch) = model.mixtures(frames), model.mixtures(without)

    def guided(plain: Tensor, given: Tensor) -> Tensor:
        return plain + guidance * (given - plain)

    logits, means = guided(plain.logits, columns.logits), guided(plain.means, columns.means)
    return (
        Mixture(logits, means, columns.log_deviations),
        pitch._replace(logits=guided(plain_pitch.logits, pitch.logits)),
    )


def hold_penalties_of(model: FrameModel, frames: Tensor, means: Tensor) -> Tensor:
    """Return by how much the logits of the pitch are lowered in the last frames.

    Args:
        model: the model.
        frames: (clips, n, columns).
        means: (clips, count, Gaussians) of the pitch of the last frames, normalised.
    """
    bands, first = model.config.layout.bands, frames.shape[1] - means.shape[1]
    score = model.given_to(frames[..., model.feature_columns :]).score
    free = np.ones(frames.shape[:2], bool) if score is None else ~score.flatten(2).any(-1).numpy()
    pitches, voiced = frames[..., bands].double().numpy(), frames[..., bands + 1].numpy() >= VOICED
    candidates = MIDDLE_PITCH + PITCH_SCALE * means.double().numpy()
    penalties = np.zeros(means.shape)
    for clip, frame in np.argwhere(free[:, first:]):
        past = slice(1, first + frame)
        heard = pitches[clip, past][voiced[clip, past]]
        penalties[clip, frame] = hold_penalties(heard, candidates[clip, frame], float(model.hold))
    return torch.from_numpy(penalties)


def reference_frames(
    model: FrameModel,
    history: Tensor,
    given: Tensor | None = None,
    *,
    count: int,
    seed: int,
    temperature: float = 1.0,
    guidance: float = 1.0,
) -> Tensor:
    """Draw frames after a history, one column after the other; each column takes a pass through the network.

    Args:
        model: the model, on the CPU.
        history: (clips, n, columns).
        given: (clips, count, note and label columns) of the drawn frames.
        count: frames to draw.
        seed: seed of the draw.
        temperature: see `draw_from`.
        guidance: how strongly the frames follow notes and labels.

    Returns:
        (clips, count, feature columns).
    """
    width = model.feature_columns
    frames = torch.cat([history, history.new_zeros(len(history), count, history.shape[2])], 1)
    if given is not None:
        frames[:, -count:, width:] = given
    low, high, steps = (row.double().numpy() for row in (model.low, model.high, model.steps))
    order = [width - 1, width - 2, *range(width - 2)]
    for frame in range(count):
        for column in order:
            values = values_given(
                model, frames, count=count, seed=seed, temperature=temperature, guidance=guidance
            )
            value = values[:, frame, column].clip(low[column], high[column])
            rounded = np.rint(value / steps[column]) * steps[column]
            frames[:, history.shape[1] + frame, column] = torch.from_numpy(rounded).to(frames.dtype)
    return frames[:, -count:, :width]
