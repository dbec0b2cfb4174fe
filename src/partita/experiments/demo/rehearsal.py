"""How long scoring will take, measured with a network that has learnt nothing.

What is compiled when a model is first drawn from and scored is compiled here, before the time is shared out.
The numbers of such a network mean nothing and are thrown away.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from partita.data.corpus import Corpus
from partita.evaluation.clips import LEAST_CLIPS
from partita.evaluation.evaluate import EvaluateConfig, evaluation
from partita.evaluation.temperature import choose_temperature
from partita.experiments.demo.config import LEAST_BITS_SECONDS
from partita.experiments.demo.time_budget import Costs
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel
from partita.training.config.train import TrainConfig

SHORT = 0.5  # seconds of the clips for which all is compiled


def rehearse(corpus: Corpus, training: TrainConfig, plan: EvaluateConfig) -> Costs:
    """Return what the steps of scoring take.

    Args:
        corpus: whose held-out sound is scored.
        training: of the models that will be scored.
        plan: how they will be scored.
    """
    network = WaveNet(training.network_shape, generator=torch.Generator().manual_seed(0))
    loaded = LoadedModel(
        model=network.eval().requires_grad_(False),
        sample_rate=corpus.sample_rate,
        quantizer=training.quantizer,
        name="untrained",
        step=0,
        config={},
    )
    few = replace(plan, clips=LEAST_CLIPS, seconds=min(SHORT, plan.seconds), bits_seconds=1.0)
    choose_temperature(loaded, corpus, few, temperatures=(1.0,))
    evaluation(loaded, corpus, few)
    temperature = _seconds(lambda: choose_temperature(loaded, corpus, plan, temperatures=(1.0,)))
    marks: list[float] = []
    some = replace(plan, bits_seconds=LEAST_BITS_SECONDS)
    whole = _seconds(
        lambda: evaluation(
            loaded, corpus, some, progress=lambda what, _: _mark(marks, what == "drawing clips")
        )
    )
    drawing = time.monotonic() - marks[0]
    sound = min(LEAST_BITS_SECONDS, corpus.seconds(plan.split))
    bits = max(0.0, whole - drawing) / sound
    return Costs(clips=plan.clips, temperature=temperature, drawing=drawing, bits=bits)


def _mark(marks: list[float], now: bool) -> None:
    if now:
        marks.append(time.monotonic())


def _seconds(do: Callable[[], object]) -> float:
    begun = time.monotonic()
    do()
    return time.monotonic() - begun
