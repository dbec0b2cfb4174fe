"""Score the networks of a run on held-out sound."""

import math
import time
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from partita.data.corpus import Corpus
from partita.data.frame_windows import every_frame_window
from partita.data.windows import WindowBatch
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.monitoring.held_out import held_out
from partita.training.steps.learner import Learner
from partita.training.time_budget import samples_at_the_end

FEWEST_WINDOWS = 4  # fewer would all come from one place in one recording
VALIDATION_SHARE = 0.05  # samples scored at a validation over samples trained on since the last one
FRAMES, FRAME_BATCH = 500, 32  # of the frame tier's windows
AVERAGE = "_average"  # what the names of the EMA's scores end with
NOMINAL_RATE = 4e10  # operations a second that a budget in minutes is assumed to buy on every machine


def decisive_score(scores: dict[str, float]) -> float | None:
    """Return the score that decides which checkpoint is the best: the first one, of the EMA if there is one.

    Args:
        scores: as `ValidationScorer.scores` returns them.

    >>> decisive_score({"bits": 4.0, "bits_average": 3.5, "frame_bits": 0.1}), decisive_score({})
    (3.5, None)
    """
    first = next(iter(scores), None)
    return None if first is None else scores.get(first + AVERAGE, scores[first])


def samples_to_score(config: TrainConfig, steps: int | None, *, multiply_adds: int) -> int:
    """Return how many held-out samples each validation scores, so that scoring takes little of the time.

    Under a budget in minutes the number follows from the budget and the network, never from the measured
    pace. Two arms with one budget score the same samples, so their curves can be compared.

    Args:
        config: the run's config.
        steps: updates between two validations, or None if the run has a budget in minutes.
        multiply_adds: of the networks, for a sample; see `Learner.multiply_adds`.

    >>> settings = [TrainConfig(minutes=minutes) for minutes in (10.0, 20.0)]
    >>> [samples_to_score(one, None, multiply_adds=232448) // 1000 for one in settings]
    [34, 68]
    >>> samples_to_score(TrainConfig(steps=1000, batch=2, targets=1000), 100, multiply_adds=232448)
    10000
    """
    least = FEWEST_WINDOWS * config.targets
    if steps is not None:
        return max(least, int(VALIDATION_SHARE * steps * config.batch * config.targets))
    assert config.minutes is not None
    seconds = 60.0 * config.minutes / config.validations
    return max(least, int(VALIDATION_SHARE * seconds * NOMINAL_RATE / (6 * multiply_adds)))


class ValidationScorer:
    """Score a run's networks on the validation split of its corpus.

    Args:
        corpus: the run's corpus.
        config: the run's resolved config.
        train_step: the owner of the generator and its EMA.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, train_step: Learner[Any]) -> None:
        self.corpus, self.config, self.train_step = corpus, config, train_step
        self.samples = sum(segment.length for segment in corpus.segments("validation"))
        """Samples in the validation split; 0 if there is none."""
        self._part: list[WindowBatch] | None = None
        self._rate = math.inf  # samples a second

    @property
    def scores_windows(self) -> bool:
        """Whether there is held-out sound, and the model has a score of it."""
        return self.samples > 0 and self.train_step.multiply_adds is not None

    def scores(self, steps: int | None) -> dict[str, float]:
        """Return the scores of the raw weights and of the EMA, always on the same part of the split.

        Args:
            steps: updates between two validations, or None if the run has a budget in minutes.

        Returns:
            for a WaveNet or a masked flow `bits` and, with an EMA, `bits_average`; for a student `matching`
            and its parts.
        """
        cost = self.train_step.multiply_adds
        assert cost is not None  # see `scores_windows`
        if self._part is None:
            self._part = list(self._held_out(samples_to_score(self.config, steps, multiply_adds=cost)))
        models = {"": self.train_step.generator}
        if self.train_step.ema is not None:
            models[AVERAGE] = self.train_step.ema.model
        scores: dict[str, float] = {}
        begun = time.monotonic()
        for ending, model in models.items():
            found = self.train_step.scores(model, self._part)
            scores |= {name + ending: value for name, value in found.items()}
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
        if tier is None or self.config.iaf is not None:  # that of a student does not learn
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

    def final_score(self, model: nn.Module, *, spent: float) -> tuple[dict[str, float], float]:
        """Score the final weights on the whole split, or on as much of it as the budget leaves time for.

        Args:
            model: the network with the final weights, on the device of the train step.
            spent: seconds of the budget that are spent.

        Returns:
            The scores, and the share of the split that was scored.
        """
        most = samples_at_the_end(self.config, whole=self.samples, spent=spent, rate=self._rate)
        scores = self.train_step.scores(model, self._held_out(most))
        return scores, 1.0 if most is None else most / self.samples

    def _held_out(self, most: int | None) -> Iterable[WindowBatch]:
        return held_out(
            self.corpus,
            "validation",
            targets=self.config.targets,
            context=self.train_step.score_context,
            quantizer=self.config.quantizer,
            layout=self.config.network_shape.condition,
            most=most,
        )
