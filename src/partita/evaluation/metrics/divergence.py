"""How far a model is from the one that made the data, where both are known: divergences along drawn clips.

A distribution of clips is a product of conditionals, so its divergence is a sum over the samples of a clip:

    KL(p || q) = E_{x ~ p} sum_t log p(x_t | x_<t) / q(x_t | x_<t)
               = E_{x ~ p} sum_t KL(p(. | x_<t) || q(. | x_<t))

The second line takes the mean over x_t by summing over all classes in place of looking at the one that was
drawn (Rao-Blackwell). Its expectation is the same, it is never negative, and it lacks the noise of the draws,
so that is what is reported; `log_ratio` keeps the first line beside it. On clips of thousands of samples the
two spread almost alike (the second by 1 to 4% less, for a teacher of 244 thousand weights, a student of 30):
what differs between clips is where they lead, and only more clips help against that. Both are exact up to
the sampling of contexts: nothing is learnt, binned or bounded. This file does not draw, and knows no arms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.errors import DivergedError, PartitaError
from partita.models.wavenet import WaveNet
from partita.training.losses.likelihood import NATS_PER_BIT, sample_nats

WINDOW = 4096  # predictions at once on each thread: more would leave the caches
LEAST = 1e-38  # probabilities below it count as it in the logarithm of a mixture; they weigh nothing


@dataclass(frozen=True)
class Clips:
    """Clips and what came before them.

    Args:
        past: (clips, n) classes, at least as many as either model sees.
        sound: (clips, samples) classes that were drawn after them.
    """

    past: NDArray[Any]
    sound: NDArray[Any]


@dataclass(frozen=True)
class ClipDivergences:
    """What each clip adds up to over its samples, each (clips,) float64, in bits.

    Args:
        surprise: -log2 p(x) of what was drawn: the clip's length in p's code.
        log_ratio: log2 p(x) - log2 q(x) of what was drawn.
        forward: the steps' KL(p || q), on the clip's contexts.
        reverse: the steps' KL(q || p).
        shannon: the steps' Jensen-Shannon divergence: at most 1 each.
    """

    surprise: NDArray[np.float64]
    log_ratio: NDArray[np.float64]
    forward: NDArray[np.float64]
    reverse: NDArray[np.float64]
    shannon: NDArray[np.float64]


@torch.inference_mode()
def divergences(
    p: WaveNet, q: WaveNet, clips: Clips, temperatures: Sequence[float] = (1.0,)
) -> list[ClipDivergences]:
    """Return the divergences of p and q along clips, whoever drew them, for q at each of the temperatures.

    The mean of `forward` over clips that p drew is KL(p || q), the mean of `reverse` over clips that q drew
    at that temperature is KL(q || p), both given the past. Each model runs once over each clip, teacher
    forced, in float32; sums over samples are in float64.

    Args:
        p: the model that is the data, at temperature 1.
        q: the model that is judged; at temperature T its conditionals are softmax(logits / T).
        clips: with the past that both see.
        temperatures: above 0.

    Raises:
        PartitaError: the past is shorter than a receptive field, or a divergence is not finite.

    >>> from partita.models.sizes import SIZES
    >>> p = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> clips = Clips(np.full((2, p.receptive_field), 128), np.full((2, 5), 130))
    >>> divergences(p, p, clips)[0].forward.tolist()
    [0.0, 0.0]
    """
    totals = np.zeros((len(temperatures), len(fields(ClipDivergences)), len(clips.sound)))
    for rows, _, ours, theirs, drawn in _passes(p, q, clips):
        totals[:, :, rows] += _sums(ours, theirs, drawn, temperatures)
    if not np.isfinite(totals).all():
        raise DivergedError("a divergence is not finite: the model diverged, take another checkpoint")
    return [ClipDivergences(*one) for one in totals / NATS_PER_BIT]


@torch.inference_mode()
def log_ratios(p: WaveNet, q: WaveNet, clips: Clips) -> NDArray[np.float64]:
    """Return log p(x_t | x_<t) - log q(x_t | x_<t) of every sample, (clips, samples), in nats.

    Args:
        p: the model that is the data, or judges in its place.
        q: the other one.
        clips: with the past that both see, at least a receptive field of either.

    Raises:
        PartitaError: the past is shorter.

    >>> from partita.models.sizes import SIZES
    >>> p = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> log_ratios(p, p, Clips(np.full((2, p.receptive_field), 128), np.full((2, 3), 130))).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    found = np.zeros(clips.sound.shape)
    for rows, columns, ours, theirs, drawn in _passes(p, q, clips):
        found[rows, columns] = (sample_nats(theirs, drawn) - sample_nats(ours, drawn)).double().numpy()
    return found


def _passes(p: WaveNet, q: WaveNet, clips: Clips) -> Iterator[tuple[slice, slice, Tensor, Tensor, Tensor]]:
    """Yield, part by part, which clips and which samples of them, both models' logits, and what was drawn."""
    field, samples = max(p.receptive_field, q.receptive_field), clips.sound.shape[1]
    if clips.past.shape[1] < field:
        raise PartitaError(
            f"the past has {clips.past.shape[1]} samples, a model sees {field}: give at least those"
        )
    line = np.concatenate([clips.past[:, clips.past.shape[1] - field :], clips.sound], 1)
    together = torch.get_num_threads() * max(1, WINDOW // max(1, samples))
    for first in range(0, len(line), together):
        rows = slice(first, min(first + together, len(line)))
        classes = torch.from_numpy(line[rows].astype(np.int64))
        for start in range(0, samples, WINDOW):
            window = classes[:, start : start + WINDOW + field]
            columns = slice(start, min(start + WINDOW, samples))
            yield rows, columns, _logits(p, window, field), _logits(q, window, field), window[:, field:]


def _logits(model: WaveNet, window: Tensor, field: int) -> Tensor:
    """Return (batch, predictions, classes) for what follows the first `field` samples."""
    logits: Tensor = model(window[:, field - model.receptive_field : -1])
    return logits.float()


def _sums(ours: Tensor, theirs: Tensor, drawn: Tensor, temperatures: Sequence[float]) -> NDArray[np.float64]:
    """Return (temperatures, fields of `ClipDivergences`, batch), in nats."""
    log_p = ours.log_softmax(-1)
    p, at = log_p.exp(), drawn[..., None]
    found = []
    for temperature in temperatures:
        log_q = (theirs / temperature).log_softmax(-1)
        q, gap = log_q.exp(), log_p - log_q
        log_m = (0.5 * (p + q)).clamp_min_(LEAST).log_()
        steps = (
            -log_p.gather(-1, at)[..., 0],
            gap.gather(-1, at)[..., 0],
            (p * gap).sum(-1),
            -(q * gap).sum(-1),
            0.5 * ((p * (log_p - log_m)).sum(-1) + (q * (log_q - log_m)).sum(-1)),
        )
        found.append(torch.stack([step.double().sum(-1) for step in steps]))
    return torch.stack(found).numpy()
