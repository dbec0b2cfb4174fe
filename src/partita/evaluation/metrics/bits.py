"""Bits per sample on held-out sound: the one score that needs no listener and no second model.

It is the average code length, -log2 p(x_t | x_<t), and so comparable between any two models of the same
prepared corpus and quantizer, whatever their size; 8 bits is a model that knows nothing of 256 classes. It is
not comparable between corpora, rates or levels: quieter sound takes fewer bits. This file does not draw clips
and does not know pages.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch, every_window
from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, block_mean
from partita.models.wavenet import WaveNet
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.monitoring.validation import window_nats

WINDOW_SECONDS = 1.0  # what is computed at once
BLOCK_WINDOWS = 10  # music depends on itself over seconds: blocks of less would make the interval too narrow
LEAST_BLOCKS = 4  # a shorter split has shorter blocks: fewer of them would say nothing of the spread


@dataclass(frozen=True)
class BlockBits:
    """The bits of each block: of about 10 seconds, or of a quarter of a split that is shorter than 40.

    Args:
        bits: (blocks,) the sum over the block's samples.
        counts: (blocks,) samples.
    """

    bits: NDArray[np.float64]
    counts: NDArray[np.int64]


def bits_per_sample(
    model: WaveNet,
    corpus: Corpus,
    split: str,
    quantizer: Quantizer,
    *,
    seed: int = 0,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Score:
    """Return the mean of -log2 p(x_t | x_<t) over a split, with a 95% block-bootstrap interval.

    The interval is conditional on these recordings: it says how the score would move with other stretches of
    the same pieces, players and rooms, not with other recordings; few blocks leave it rough, and too narrow.

    Every sample is scored exactly once, with its true past inside its segment (zero-class samples before the
    segment's start): what is measured is prediction, not generation.

    Args:
        model: the network, on the device to score on; it is run in float32.
        corpus: a prepared corpus.
        split: "test" for what is reported, "validation" for choices.
        quantizer: waveform -> the model's classes.
        seed: of the bootstrap alone.
        seconds: score at most so much sound, in seconds spread evenly over the split; None scores all of it.
        progress: called with the share done, 0 to 1.

    Raises:
        PartitaError: an empty split, or a result that is not finite.
    """
    blocks = block_bits(model, corpus, split, quantizer, seconds=seconds, progress=progress)
    return block_mean(blocks.bits, blocks.counts, seed=seed)


def block_bits(
    model: WaveNet,
    corpus: Corpus,
    split: str,
    quantizer: Quantizer,
    *,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> BlockBits:
    """Return the bits of every block of a split, in the corpus's order; arguments as in `bits_per_sample`.

    A block is a stretch of the split; when only a part is scored, its block holds what was scored of it.
    """
    if seconds is not None and seconds <= 0:
        raise PartitaError(
            f"`seconds` is {seconds}: give a positive time, or leave it out to score all of the split"
        )
    where = ComputeDevice(next(model.parameters()).device, bfloat16=False)
    targets = max(1, round(WINDOW_SECONDS * corpus.sample_rate))
    whole = sum(-(-segment.length // targets) for segment in corpus.segments(split))
    size = max(1, min(BLOCK_WINDOWS, whole // LEAST_BLOCKS))
    stride = max(1, math.ceil(corpus.seconds(split) / seconds)) if seconds else 1
    windows = every_window(
        corpus, split, targets=targets, context=model.receptive_field, batch=1, quantizer=quantizer
    )
    bits, counts = np.zeros(-(-whole // size)), np.zeros(-(-whole // size), np.int64)
    for number, window in enumerate(windows):
        if number % stride:
            continue
        bits[number // size] += _bits_of(model, window, where)
        counts[number // size] += int(window.valid.sum())
        if progress is not None:
            progress((number + 1) / whole)
    return BlockBits(bits[counts > 0], counts[counts > 0])


def _bits_of(model: WaveNet, window: WindowBatch, where: ComputeDevice) -> float:
    """Return the bits of a window's valid targets; the padding behind the last of them is not computed."""
    used = int(np.flatnonzero(window.valid.any(axis=0))[-1]) + 1
    context = window.classes.shape[1] - window.valid.shape[1]
    part = WindowBatch(window.classes[:, : context + used], window.valid[:, :used], window.names)
    return float(window_nats(model, part, where).double().sum()) / NATS_PER_BIT
