"""Score likelihood on held-out sound: nats of every sample given its true past, and their mean in bits.

The functions know nothing of a run; evaluation uses them too. `ValidationScorer` scores a run's networks.
"""

import math
import time
from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.frame_windows import every_frame_window
from partita.data.windows import WindowBatch, every_window
from partita.device import ComputeDevice
from partita.models.wavenet import WaveNet
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.losses.likelihood import NATS_PER_BIT
from partita.training.tiers.conditions import window_conditions
from partita.training.time_budget import samples_at_the_end
from partita.training.train_step import TrainStep

FEWEST_WINDOWS = 4  # fewer would all come from one place in one recording
VALIDATION_SHARE = 0.05  # samples scored at a validation over samples trained on since the last one
FRAMES, FRAME_BATCH = 500, 32  # of the frame tier's windows
NOMINAL_RATE = 4e10  # operations a second that a budget in minutes is assumed to buy on every machine


@torch.no_grad()
def window_nats(model: WaveNet, windows: WindowBatch, compute: ComputeDevice) -> Tensor:
    """Return -ln p of every target of some windows, given its true past.

    Args:
        model: a network on the device of `compute`.
        windows: windows whose context is the model's receptive field.
        compute: device and precision.

    Returns:
        (batch, targets) float32 on the CPU; 0 where a target is not valid.
    """
    classes = torch.from_numpy(windows.classes).to(compute.device)
    with compute.autocast():
        outputs = model(classes[:, :-1], window_conditions(windows, compute.device))
    nats = model.head.nats(outputs, classes[:, model.receptive_field :]).cpu()
    return nats * torch.from_numpy(windows.valid)


def validation_bits(model: WaveNet, batches: Iterable[WindowBatch], compute: ComputeDevice) -> float:
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


def samples_to_score(config: TrainConfig, steps: int | None) -> int:
    """Return how many held-out samples each validation scores, so that scoring takes little of the time.

    Under a budget in minutes the number follows from the budget and the network, never from the measured
    pace. Two arms with one budget score the same samples, so their curves can be compared.

    Args:
        config: the run's config.
        steps: updates between two validations, or None if the run has a budget in minutes.

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


class ValidationScorer:
    """Score a run's networks on the validation split of its corpus.

    Args:
        corpus: the run's corpus.
        config: the run's resolved config.
        train_step: the owner of the generator and its EMA.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, train_step: TrainStep) -> None:
        self.corpus, self.config, self.train_step = corpus, config, train_step
        self.samples = sum(segment.length for segment in corpus.segments("validation"))
        """Samples in the validation split; 0 if there is none."""
        self._part: list[WindowBatch] | None = None
        self._rate = math.inf  # samples a second

    def scores(self, steps: int | None) -> dict[str, float]:
        """Return the bits per sample of the raw weights and of the EMA, always on the same part of the split.

        Args:
            steps: updates between two validations, or None if the run has a budget in minutes.

        Returns:
            `bits` and, with an EMA, `bits_average`.
        """
        if self._part is None:
            self._part = list(self._held_out(samples_to_score(self.config, steps)))
        models = {"bits": self.train_step.generator}
        if self.train_step.ema is not None:
            models["bits_average"] = self.train_step.ema.model
        begun = time.monotonic()
        scores = {
            name: validation_bits(model, self._part, self.train_step.compute)
            for name, model in models.items()
        }
        samples = len(models) * sum(int(batch.valid.sum()) for batch in self._part)
        self._rate = samples / max(1e-9, time.monotonic() - begun)
        return scores | self.frame_scores()

    def frame_scores(self) -> dict[str, float]:
        """Return the frame tier's bits on the whole split, in bits per sample; empty without a frame tier.

        The split is scored in windows, many at once, since a recurrent network takes frame after frame. Each
        window begins without a past, so the bits are a little above those of `partita evaluate`.

        The sum with the sample tier's bits is an upper bound on the code length of the sound, since it
        describes the frames too, which follow from the sound.
        """
        tier = self.train_step.frame_tier
        if tier is None:
            return {}
        layout = tier.model.config.layout
        if all(one.length < layout.hop_length for one in self.corpus.segments("validation")):
            return {}
        rng = torch_stream(self.config.seed, "frames/validation")
        bits, frames = 0.0, 0
        with torch.no_grad():
            for batch in every_frame_window(
                self.corpus, "validation", length=FRAMES, batch=FRAME_BATCH, layout=layout
            ):
                given = torch.from_numpy(batch.frames).to(tier.device)
                valid = torch.from_numpy(batch.valid).to(tier.device)
                bits += float((tier.ema.model.frame_bits(given, rng) * valid).double().sum())
                frames += int(valid.sum())
        return {"frame_bits": bits / frames / layout.hop_length}

    def final_score(self, model: WaveNet, *, spent: float) -> tuple[float, float]:
        """Score the final weights on the whole split, or on as much of it as the budget leaves time for.

        Args:
            model: the network with the final weights, on the device of the train step.
            spent: seconds of the budget that are spent.

        Returns:
            The bits per sample, and the share of the split that was scored.
        """
        most = samples_at_the_end(self.config, whole=self.samples, spent=spent, rate=self._rate)
        bits = validation_bits(model, self._held_out(most), self.train_step.compute)
        return bits, 1.0 if most is None else most / self.samples

    def _held_out(self, most: int | None) -> Iterable[WindowBatch]:
        return held_out(
            self.corpus,
            "validation",
            targets=self.config.targets,
            context=self.train_step.generator.receptive_field,
            quantizer=self.config.quantizer,
            layout=self.config.network_shape.condition,
            most=most,
        )
