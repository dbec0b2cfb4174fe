"""The code length of held-out sound under a model with one tier or two, in bits per sample.

    -log2 p(x) <= -log2 p(frames) - log2 p(x | frames)

The frames follow from the sound, and a code for both describes the frames twice: the sum is an upper bound.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from partita.data.corpus import Corpus
from partita.data.frames import segment_frames
from partita.device import compute_device
from partita.evaluation.metrics.bits import BLOCK_WINDOWS, WINDOW_SECONDS, bits_per_sample
from partita.evaluation.statistics.scores import Score, block_mean
from partita.models.choice import Density
from partita.models.flows.maf import MAF
from partita.models.frame_tier.model import FrameModel
from partita.runs.loading import LoadedModel
from partita.seeds import torch_stream


def code_length(
    loaded: LoadedModel,
    corpus: Corpus,
    split: str,
    *,
    seed: int = 0,
    seconds: float | None = None,
    device: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Compute the bits on a device, then move the networks back to their own device.

    Args:
        loaded: the model.
        corpus: a prepared corpus.
        split: the split to score.
        seed: of the bootstrap, and of the numbers that make frames continuous.
        seconds: score at most this much sound, spread evenly over the split; None scores the whole split.
        device: `cpu`, `cuda` or `auto`.
        progress: called with the finished share, 0 to 1.

    Returns:
        A dict for JSON with `bits_per_sample`; empty for a model without a likelihood. Of a masked
        autoregressive flow, and with two tiers, it is an upper bound. With two tiers its parts are
        `frame_bits_per_sample` and `conditional_bits_per_sample`, the bits of the samples given the frames.

    Raises:
        PartitaError: the split is empty, or a result is not finite.
    """
    model = loaded.model
    if not isinstance(model, Density):
        return {}
    networks: list[nn.Module] = [model] if loaded.frames is None else [model, loaded.frames]
    before = next(model.parameters()).device
    place = compute_device(device, "float32").device
    try:
        for network in networks:
            network.to(place)
        samples = bits_per_sample(
            model, corpus, split, loaded.quantizer, seed=seed, seconds=seconds, progress=progress
        )
        if loaded.frames is None:
            bound = {"upper_bound": True} if isinstance(model, MAF) else {}
            return {"bits_per_sample": samples.as_json() | bound}
        frames = frame_bits_per_sample(loaded.frames, corpus, split, seed=seed, seconds=seconds)
    finally:
        for network in networks:
            network.to(before)
    return {
        "bits_per_sample": upper_bound(frames, samples).as_json() | {"upper_bound": True},
        "frame_bits_per_sample": frames.as_json(),
        "conditional_bits_per_sample": samples.as_json(),
    }


def frame_bits_per_sample(
    frames: FrameModel, corpus: Corpus, split: str, *, seed: int = 0, seconds: float | None = None
) -> Score:
    """Return the frame tier's mean bits of a frame, per sample of the sound, with a block-bootstrap interval.

    Each frame but the first of a segment is scored once, given the true frames before it. The sum with the
    bits of the samples given the frames is an upper bound on the code length of the sound: it describes the
    frames too, which follow from the sound.

    Args:
        frames: the frame tier's network, on any device.
        corpus: a prepared corpus.
        split: "test" for reported scores, "validation" for choices.
        seed: of the bootstrap, and of the numbers that make the frames continuous.
        seconds: score at most this much sound, spread evenly over the split in pieces that begin without a
            past; None scores the whole split.

    Raises:
        PartitaError: the split has no frames, or the result is not finite.
    """
    layout, device = frames.config.layout, next(frames.parameters()).device
    rng = torch_stream(seed, "evaluation/frames")
    block = max(1, round(BLOCK_WINDOWS * WINDOW_SECONDS * corpus.sample_rate / layout.hop_length))
    share = 1.0 if seconds is None else min(1.0, seconds / corpus.seconds(split))
    sums, counts, due = [], [], 1.0
    for segment in corpus.segments(split):
        known = torch.from_numpy(segment_frames(corpus, segment, layout)).to(device)
        length = len(known) if share == 1.0 else block
        for start in range(0, len(known) - 1, length):
            due += share
            if due < 1.0:
                continue
            due -= 1.0
            with torch.no_grad():
                bits = frames.frame_bits(known[None, start : start + length + 1], rng)[0].double().cpu()
            for part in torch.split(bits, block):
                sums.append(float(part.sum()))
                counts.append(len(part) * layout.hop_length)
    return block_mean(np.array(sums), np.array(counts, np.int64), seed=seed)


def upper_bound(frames: Score, samples: Score) -> Score:
    """Return the bits of the sound: those of the frames, and those of the samples given the frames.

    The ends of the interval are the sums of the parts' ends, which is the widest that the parts allow.

    Args:
        frames: bits of the frames, per sample.
        samples: bits of the samples given the frames, per sample.

    >>> upper_bound(Score(0.25, 0.125, 0.5), Score(4.0, 3.0, 5.0))
    Score(value=4.25, low=3.125, high=5.5)
    """
    return Score(frames.value + samples.value, frames.low + samples.low, frames.high + samples.high)
