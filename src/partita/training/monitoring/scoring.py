"""A run's own scores on held-out sound: some of it at every validation, always the same, and all of it in the
end, or as much as the budget leaves time for. Keeps no scores.
"""

import math
import time
from collections.abc import Iterable

from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch
from partita.models.wavenet import WaveNet
from partita.training.config.train import TrainConfig
from partita.training.monitoring.validation import held_out, samples_to_score, validation_bits
from partita.training.time_budget import samples_at_the_end
from partita.training.train_step import TrainStep


class Scoring:
    """The validation split of a corpus, and a run's networks.

    Args:
        corpus: what is learnt from.
        config: the run's resolved config.
        train_step: generator and average.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, train_step: TrainStep) -> None:
        self.corpus, self.config, self.train_step = corpus, config, train_step
        self.samples = sum(segment.length for segment in corpus.segments("validation"))
        """Of the split; 0 where there is none."""
        self._part: list[WindowBatch] | None = None
        self._rate = math.inf  # samples a second

    def scores(self, steps: int | None) -> dict[str, float]:
        """Return the bits a sample of the raw weights and of the average, on a bounded part of the split.

        Args:
            steps: from one validation to the next, if that is known beforehand.
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
        return scores

    def last(self, model: WaveNet, *, spent: float) -> tuple[float, float]:
        """Return the bits a sample of the weights that stand for the run, and on which share of the split.

        Args:
            model: with those weights, on the learner's device.
            spent: seconds of the budget so far.
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
            most=most,
        )
