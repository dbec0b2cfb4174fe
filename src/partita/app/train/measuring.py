"""Measure how fast this machine trains, in a process of its own: a few updates of a run.

    python -m partita.app.train.measuring CORPUS SIZE START THREADS

It prints one JSON object: `updates_per_second`, or `error`.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from partita.app.train.settings import RunSettings
from partita.errors import PartitaError

WARM_UP = 5
"""Updates that are not counted: the first ones compile code, and the frame tier learns in the fifth."""
SECONDS = 6.0
EVERY = 4
"""Updates are counted in whole periods of the frame tier, which learns in every fourth."""


def updates_per_second(settings: RunSettings, *, seconds: float = SECONDS) -> float:
    """Return the updates that training makes in a second, validation and clips left out.

    Args:
        settings: what to train.
        seconds: how long to measure; at least one period is measured.

    Raises:
        PartitaError: the corpus or the model to start from is not there, or they don't fit together.
    """
    from partita.training.session import SessionOptions
    from partita.training.train import new_trainer

    config = replace(settings.config(), steps=1_000_000, minutes=None, preview_clips=0, tensorboard=False)
    start = settings.start or None
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        options = SessionOptions(quiet=True)
        with new_trainer(settings.corpus, run, config, start_from=start, options=options) as trainer:
            times: list[float] = []

            def stop() -> bool:
                times.append(time.perf_counter())
                counted = len(times) - WARM_UP
                return counted > 0 and not counted % EVERY and times[-1] - times[WARM_UP - 1] >= seconds

            trainer.train_until(stop)
    return (len(times) - WARM_UP) / (times[-1] - times[WARM_UP - 1])


def main(arguments: list[str]) -> None:
    """Measure, and print what was found.

    Args:
        arguments: the corpus, the size, the model to start from, and the number of threads.
    """
    corpus, size, start, threads = arguments
    settings = RunSettings(corpus=Path(corpus), minutes=20, size=size, start=start, threads=int(threads))
    try:
        print(json.dumps({"updates_per_second": updates_per_second(settings)}))
    except PartitaError as error:
        print(json.dumps({"error": str(error)}))


if __name__ == "__main__":
    main(sys.argv[1:])
