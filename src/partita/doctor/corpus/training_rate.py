"""Measure the training rate on this machine: both tiers, on the corpus itself, for a short moment."""

import math
import tempfile
import time
from pathlib import Path

from partita.data.corpus import Corpus
from partita.doctor.finding import Finding
from partita.doctor.tones import TONES, minutes_to_tones
from partita.errors import PartitaError
from partita.training.config.train import TrainConfig
from partita.training.train import train

UPDATES = 9  # the first compiles and is left out; 8 have the frame tier's share, an update of every fourth
MOST_SECONDS = 20.0
LEAST_MINUTES = 20


def training_rate(corpus: Corpus) -> float | None:
    """Return the predicted samples that a run with the default settings trains on in a second.

    Some updates are made in a temporary folder. The rate is None if the corpus can't be trained on.

    Args:
        corpus: the corpus.
    """
    config = TrainConfig(
        steps=10**6, validations=1, preview_clips=0, tensorboard=False, checkpoint_minutes=1e6
    )
    begun, ends = time.monotonic(), list[float]()

    def is_enough() -> bool:
        ends.append(time.monotonic())
        return len(ends) >= UPDATES or (len(ends) > 1 and ends[-1] - begun > MOST_SECONDS)

    try:
        with tempfile.TemporaryDirectory() as folder:
            train(corpus, Path(folder) / "run", config, quiet=True, stop=is_enough)
    except PartitaError:
        return None
    if len(ends) < 2:
        return None
    return config.batch * config.targets * (len(ends) - 1) / (ends[-1] - ends[0])


def check_time(corpus: Corpus, rate: float | None) -> list[Finding]:
    """Say when tones can be expected on this machine.

    Args:
        corpus: the corpus.
        rate: predicted samples in a second; None if it was not measured.
    """
    if rate is None:
        return []
    low, high = minutes_to_tones(rate)
    minutes = max(LEAST_MINUTES, 10 * math.ceil(2 * high / 10))
    return [
        Finding(
            code="time-to-tones",
            severity="note",
            says=(
                "a model of the size small that starts from random weights makes noise at first; on this"
                f" machine ({rate:,.0f} samples a second) tones appear after about {low:.0f} to {high:.0f}"
                " minutes"
            ),
            remedy=(
                f"train for {minutes} minutes, `partita train {corpus.path} --out RUN --minutes {minutes}`"
            ),
            evidence={
                "samples_per_second": round(rate),
                "samples_to_tones": [int(samples) for samples in TONES],
                "minutes": [round(low, 1), round(high, 1)],
            },
        )
    ]
