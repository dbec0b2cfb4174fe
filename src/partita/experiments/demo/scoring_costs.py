"""The time that scoring takes on this machine, measured with an untrained network.

The measurement also compiles what drawing and scoring need, before the rest of the time is planned. The
scores themselves mean nothing and are dropped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from partita.data.corpus import Corpus
from partita.evaluation.clips import MIN_CLIPS
from partita.evaluation.evaluate import EvaluateConfig, evaluate_with_clips
from partita.evaluation.temperature import TEMPERATURES, choose_temperature
from partita.experiments.demo.config import ARMS, MIN_BITS_SECONDS
from partita.models.frame_tier.model import FrameModel
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel
from partita.training.config.train import TrainConfig

COMPILE_SECONDS = 0.5  # length of the clips that are drawn only to compile
PAGE_SECONDS = 3.0  # for writing the page


@dataclass(frozen=True, kw_only=True)
class ScoringCosts:
    """The measured time of each part of scoring, in seconds.

    Args:
        clips: number of clips that `temperature` and `drawing` refer to.
        temperature: for trying one temperature.
        drawing: for drawing the clips that are scored, and scoring them.
        bits: for the bits per sample of one second of sound.

    >>> costs = ScoringCosts(clips=8, temperature=1.0, drawing=4.0, bits=0.5)
    >>> costs.total_seconds(EvaluateConfig(clips=8, bits_seconds=10.0))
    31.0
    """

    clips: int
    temperature: float
    drawing: float
    bits: float

    def total_seconds(self, plan: EvaluateConfig) -> float:
        """Return the seconds for scoring all arms and writing the page.

        Args:
            plan: the evaluation of each arm.
        """
        assert plan.bits_seconds is not None
        clips = (len(TEMPERATURES) * self.temperature + self.drawing) * plan.clips / self.clips
        return len(ARMS) * (clips + self.bits * plan.bits_seconds) + PAGE_SECONDS


def measure_scoring_costs(corpus: Corpus, training: TrainConfig, plan: EvaluateConfig) -> ScoringCosts:
    """Measure how long the parts of scoring take.

    Args:
        corpus: the held-out sound.
        training: the training config of the models that will be scored, with resolved conditions.
        plan: how they will be scored.
    """
    loaded = _untrained(corpus, training)
    short = replace(plan, clips=MIN_CLIPS, seconds=min(COMPILE_SECONDS, plan.seconds), bits_seconds=1.0)
    choose_temperature(loaded, corpus, short, temperatures=(1.0,))
    evaluate_with_clips(loaded, corpus, short)
    temperature = _seconds(lambda: choose_temperature(loaded, corpus, plan, temperatures=(1.0,)))
    drawing_starts: list[float] = []

    def note_time(stage: str, _: object) -> None:
        if stage == "drawing clips":
            drawing_starts.append(time.monotonic())

    limited = replace(plan, bits_seconds=MIN_BITS_SECONDS)
    total = _seconds(lambda: evaluate_with_clips(loaded, corpus, limited, progress=note_time))
    drawing = time.monotonic() - drawing_starts[0]
    scored = min(MIN_BITS_SECONDS, corpus.seconds(plan.split))
    bits = max(0.0, total - drawing) / scored
    return ScoringCosts(clips=plan.clips, temperature=temperature, drawing=drawing, bits=bits)


def _untrained(corpus: Corpus, training: TrainConfig) -> LoadedModel:
    """Return a model with the tiers that a training config has."""
    random, frames = torch.Generator().manual_seed(0), training.frames.model
    return LoadedModel(
        model=WaveNet(training.network_shape, generator=random).eval().requires_grad_(False),
        sample_rate=corpus.sample_rate,
        quantizer=training.quantizer,
        name="untrained",
        step=0,
        config={},
        frames=None if frames is None else FrameModel(frames, generator=random).eval().requires_grad_(False),
    )


def _seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.monotonic()
    call()
    return time.monotonic() - start
