"""Bits per sample: the average code length of held-out sound under a model.

The score is the mean of -log2 p(x_t | x_<t). It compares models of any size on the same corpus with the same
quantizer; a uniform distribution over 256 classes has 8 bits. It does not compare corpora, sample rates or
levels: quieter sound needs fewer bits. The bits of a masked autoregressive flow are an upper bound. This file
draws no clips.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch, every_window
from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, block_mean
from partita.models.choice import Density
from partita.models.flows.maf import MAF
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.monitoring.held_out import window_nats

WINDOW_SECONDS = 1.0  # length of one forward pass
BLOCK_WINDOWS = 10  # music is correlated over seconds: shorter blocks would make the interval too narrow
MIN_BLOCKS = 4  # short splits get shorter blocks: fewer than 4 do not show the spread


@dataclass(frozen=True)
class BlockBits:
    """Bits of each block of a split.

    A block lasts about 10 seconds, or a quarter of the split if the split is shorter than 40 seconds.

    Args:
        bits: (blocks,) sum over the samples of the block.
        counts: (blocks,) number of samples in the block.
    """

    bits: NDArray[np.float64]
    counts: NDArray[np.int64]


def bits_per_sample(
    model: Density,
    corpus: Corpus,
    split: str,
    quantizer: Quantizer,
    *,
    seed: int = 0,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Score:
    """Return the mean of -log2 p(x_t | x_<t) over a split, with a 95% block-bootstrap interval.

    Every sample is scored exactly once, given its real past within the segment; before the start of the
    segment the past is silence. The score measures prediction, not generation.

    The interval describes other stretches of the same recordings. It does not describe other recordings, and
    with few blocks it is imprecise and too narrow.

    Args:
        model: the network, on the device to score on; it runs in float32.
        corpus: a prepared corpus.
        split: "test" for reported scores, "validation" for choices.
        quantizer: converts the waveform to the model's classes.
        seed: of the bootstrap only.
        seconds: score at most this much sound, spread evenly over the split; None scores the whole split.
        progress: called with the finished share, 0 to 1.

    Returns:
        Bits per sample.

    Raises:
        PartitaError: the split is empty, or the result is not finite.
    """
    blocks = block_bits(model, corpus, split, quantizer, seconds=seconds, progress=progress)
    return block_mean(blocks.bits, blocks.counts, seed=seed)


def block_bits(
    model: Density,
    corpus: Corpus,
    split: str,
    quantizer: Quantizer,
    *,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> BlockBits:
    """Return the bits of each block of consecutive samples, in corpus order.

    If only part of the split is scored, a block contains only its scored samples.

    Args:
        model: see `bits_per_sample`.
        corpus: see `bits_per_sample`.
        split: see `bits_per_sample`.
        quantizer: see `bits_per_sample`.
        seconds: see `bits_per_sample`.
        progress: see `bits_per_sample`.

    Raises:
        PartitaError: `seconds` is not positive, or the corpus has no such split.
    """
    if seconds is not None and seconds <= 0:
        raise PartitaError(
            f"`seconds` is {seconds}: give a positive time, or leave it out to score the whole split"
        )
    compute = ComputeDevice(next(model.parameters()).device, bfloat16=False)
    targets = max(1, round(WINDOW_SECONDS * corpus.sample_rate))
    if isinstance(model, MAF):
        targets = model.shape.window or targets  # its density depends on where the window ends
    whole = sum(-(-segment.length // targets) for segment in corpus.segments(split))
    size = max(1, min(BLOCK_WINDOWS, whole // MIN_BLOCKS))
    stride = max(1, math.ceil(corpus.seconds(split) / seconds)) if seconds else 1
    windows = every_window(
        corpus,
        split,
        targets=targets,
        context=model.receptive_field,
        batch=1,
        quantizer=quantizer,
        layout=model.config.condition,
    )
    bits, counts = np.zeros(-(-whole // size)), np.zeros(-(-whole // size), np.int64)
    for number, window in enumerate(windows):
        if number % stride:
            continue
        bits[number // size] += _window_bits(model, window, compute)
        counts[number // size] += int(window.valid.sum())
        if progress is not None:
            progress((number + 1) / whole)
    return BlockBits(bits[counts > 0], counts[counts > 0])


def _window_bits(model: Density, window: WindowBatch, compute: ComputeDevice) -> float:
    """Return the bits of a window's valid targets, without computing the padding after them."""
    used = int(np.flatnonzero(window.valid.any(axis=0))[-1]) + 1
    context = window.classes.shape[1] - window.valid.shape[1]
    part = replace(window, classes=window.classes[:, : context + used], valid=window.valid[:, :used])
    return float(window_nats(model, part, compute).double().sum()) / NATS_PER_BIT
