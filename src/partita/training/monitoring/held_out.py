"""Held-out windows, and the nats of every sample in them given its true past. Evaluation uses them too."""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch, every_window
from partita.device import ComputeDevice
from partita.models.choice import Density
from partita.models.flows.maf import MAF
from partita.seeds import torch_stream
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.tiers.conditions import window_conditions


@torch.no_grad()
def window_nats(model: Density, windows: WindowBatch, compute: ComputeDevice) -> Tensor:
    """Return -ln p of every target of some windows, given its true past.

    Of a masked autoregressive flow only the sum over a window counts. It is an upper bound, from one value in
    the bin of each class; every window has the same random numbers.

    Args:
        model: a network on the device of `compute`.
        windows: windows whose context is the model's receptive field.
        compute: device and precision.

    Returns:
        (batch, targets) float32 on the CPU; 0 where a target is not valid.
    """
    classes = torch.from_numpy(windows.classes).to(compute.device)
    valid, known = torch.from_numpy(windows.valid), window_conditions(windows, compute.device)
    if isinstance(model, MAF):
        uniforms = torch.rand(tuple(classes.shape), generator=torch_stream(0, "maf/scoring"))
        with compute.autocast():
            bound = model.class_nats(classes, uniforms.to(compute.device), valid.to(compute.device), known)
        return bound.cpu()
    with compute.autocast():
        outputs = model(classes[:, :-1], known)
    nats = model.head.nats(outputs, classes[:, model.receptive_field :]).cpu()
    return nats * valid


def validation_bits(model: Density, batches: Iterable[WindowBatch], compute: ComputeDevice) -> float:
    """Return the mean bits per sample over all valid targets.

    Args:
        model: a network on the device of `compute`.
        batches: windows whose context is the model's receptive field.
        compute: device and precision; sums are in float64.
    """
    nats, count = 0.0, 0
    for windows in batches:
        nats += float(window_nats(model, windows, compute).double().sum())
        count += int(windows.valid.sum())
    return nats / count / NATS_PER_BIT


def held_out(
    corpus: Corpus,
    split: str,
    *,
    targets: int,
    context: int,
    quantizer: Quantizer,
    layout: FrameLayout | None = None,
    most: int | None = None,
) -> Iterator[WindowBatch]:
    """Yield the windows of a split, one a batch: all of them, or evenly spaced ones.

    The choice depends only on the corpus and the arguments.

    Args:
        corpus: a prepared corpus.
        split: the split to read.
        targets: targets a window, samples.
        context: samples before the first target: the model's receptive field.
        quantizer: waveform -> classes.
        layout: the columns of the frames, for a network with a condition.
        most: the largest number of targets in all windows together; at least one window is yielded.
    """
    every = every_window(
        corpus, split, targets=targets, context=context, batch=1, quantizer=quantizer, layout=layout
    )
    if most is None:
        return every
    count = sum(-(-segment.length // targets) for segment in corpus.segments(split))
    return islice(every, 0, None, max(1, -(-count // max(1, most // targets))))
