"""Likelihood on held-out sound: nats of every sample given its true past, and their mean in bits.

It knows nothing of runs or of training; evaluation uses the same functions.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch, every_window
from partita.device import ComputeDevice
from partita.models.wavenet import WaveNet
from partita.training.config.train import TrainConfig
from partita.training.losses.likelihood import NATS_PER_BIT, sample_nats

FEWEST_WINDOWS = 4  # a score of less hangs on one place in one recording
VALIDATION_SHARE = 0.05  # samples scored at a validation over samples trained on since the last one
NOMINAL_RATE = 4e10  # operations a second that a budget in minutes is taken to buy, whatever the machine


@torch.no_grad()
def window_nats(model: WaveNet, windows: WindowBatch, where: ComputeDevice) -> Tensor:
    """Return -ln p of every target of some windows, given its true past.

    Args:
        model: on the device of `where`.
        windows: cut with the model's receptive field as context.
        where: device and precision.

    Returns:
        (batch, targets) float32 on the CPU; 0 where a target is not valid.
    """
    classes = torch.from_numpy(windows.classes).to(where.device)
    with where.autocast():
        logits = model(classes[:, :-1])
    nats = sample_nats(logits, classes[:, model.receptive_field :]).cpu()
    return nats * torch.from_numpy(windows.valid)


def validation_bits(model: WaveNet, batches: Iterable[WindowBatch], where: ComputeDevice) -> float:
    """Return the mean bits a sample over all valid targets; sums are in float64."""
    nats, count = 0.0, 0
    for windows in batches:
        nats += float(window_nats(model, windows, where).double().sum())
        count += int(windows.valid.sum())
    return nats / count / NATS_PER_BIT


def held_out(
    corpus: Corpus, split: str, *, targets: int, context: int, quantizer: Quantizer, most: int | None = None
) -> Iterator[WindowBatch]:
    """Yield windows over a split, one a batch: all of them, or evenly spaced ones with at most `most` targets
    together.

    Which ones depends on the corpus and the numbers alone.

    Args:
        corpus: a prepared corpus.
        split: whose samples.
        targets: targets a window, samples.
        context: samples before the first target: the model's receptive field.
        quantizer: waveform -> classes.
        most: samples; at least one window is taken.
    """
    every = every_window(corpus, split, targets=targets, context=context, batch=1, quantizer=quantizer)
    if most is None:
        return every
    count = sum(-(-segment.length // targets) for segment in corpus.segments(split))
    return islice(every, 0, None, max(1, -(-count // max(1, most // targets))))


def samples_to_score(config: TrainConfig, steps: int | None) -> int:
    """Return how many held-out samples to score at each validation, so that scoring takes a small share of
    the time.

    Under a budget in minutes the number follows from the budget and the network, never from the measured
    pace: two arms of one budget score the same samples, and so their curves can be laid over each other.

    Args:
        config: the run's config.
        steps: from one validation to the next, if that is known beforehand.

    >>> samples_to_score(TrainConfig(minutes=20.0), None) > samples_to_score(TrainConfig(minutes=10.0), None)
    True
    >>> samples_to_score(TrainConfig(steps=1000, batch=2, targets=1000), 100)
    10000
    """
    least = FEWEST_WINDOWS * config.targets
    if steps is not None:
        return max(least, int(VALIDATION_SHARE * steps * config.batch * config.targets))
    assert config.minutes is not None
    seconds = 60.0 * config.minutes / config.validations
    return max(
        least, int(VALIDATION_SHARE * seconds * NOMINAL_RATE / (6 * config.network_shape.multiply_adds))
    )
