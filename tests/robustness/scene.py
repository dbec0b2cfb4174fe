"""Make the folders for the robustness tests: recordings, a corpus, two runs, an arena and a demo.

One run is finished, the other interrupted. The folders are as small as possible but contain every kind of
file that Partita writes. The commands of Partita make most of them. A scene, the folder with all of them,
works only at the path where it was made, because its files contain absolute paths. Keep a copy, and copy it
back for each case. This file does not damage anything.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import soundfile

from partita.cli.main import main

RATE = 4000
HELD_OUT = ["--test", "*-1*", "--validation", "*-2*"]
TINY = ["--size", "tiny", "--targets", "256", "--batch", "1", "--validations", "1", "--preview-clips", "0"]
REPEATABLE = ["--threads", "1", "--device", "cpu"]
STEPS, INTERRUPTED_AT = 4, 2
ARENA = [
    *("--arms", "likelihood", "report", "steer:particles=2,block=64"),
    *("--seeds", "1", "--validation-seeds", "1", "--steps", "2", "--start-steps", "3"),
    *("--teacher-size", "tiny", "--teacher-steps", "3", "--train-samples", "6000", "--train-clips", "4"),
    *("--clips", "3", "--samples", "900", "--targets", "256", "--batch", "1", "--temperatures", "1.0", "0.9"),
    *("--judge", "report-0", "--precision", "float32", *REPEATABLE),
]
DEMO = ["--minutes", "0.1", "--sample-rate", str(RATE), "--size", "tiny", "--device", "cpu"]
DEMO_MINUTES = 0.02
"""Minutes of training in a demo: fewer than the command line allows."""
HALVINGS = 4
"""Number of random halvings of the clips for the distance score, reduced to save time."""


def write_recordings(folder: Path, *, numbers: range = range(1, 5), seconds: float = 2.0) -> None:
    """Write short recordings of different tones with some noise."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = round(seconds * RATE)
    for number in numbers:
        noise = np.random.default_rng(number).standard_normal(samples)
        tone = 0.5 * np.sin(0.1 * number * np.arange(samples)) + 0.01 * noise
        soundfile.write(folder / f"take-{number}.wav", tone, RATE)


def prepare_arguments(home: Path) -> list[str]:
    """Return the arguments that prepare the corpus of the scene, or update it."""
    where = [str(home / "recordings"), "--out", str(home / "corpus"), "--sample-rate", str(RATE)]
    return ["prepare", *where, *HELD_OUT]


def train_arguments(home: Path, out: str, *more: str) -> list[str]:
    """Return the arguments that train a run on the corpus of the scene."""
    return ["train", str(home / "corpus"), "--out", str(home / out), *TINY, *REPEATABLE, *more]


def arena_arguments(home: Path, *more: str) -> list[str]:
    """Return the arguments that start or continue the arena of the scene."""
    return ["arena", "--out", str(home / "arena"), "--corpus", str(home / "corpus"), *ARENA, *more]


def demo_arguments(home: Path) -> list[str]:
    """Return the arguments that start or continue the demo of the scene."""
    return ["demo", "--out", str(home / "demo"), "--recordings", str(home / "recordings"), *DEMO]


def run_command(arguments: list[str]) -> None:
    """Run a command of Partita in this process; raise an error if it fails."""
    status = main(arguments)
    if status != 0:
        raise RuntimeError(f"`partita {' '.join(arguments)}` ended with status {status}")


def make_scene(home: Path, parts: set[str]) -> None:
    """Make the recordings, the corpus and the named parts: `run`, `interrupted`, `arena`, `demo`."""
    write_recordings(home / "recordings")
    run_command(prepare_arguments(home))
    report = ("--arm", "report", "--steps", str(STEPS))
    if "run" in parts:
        run_command(train_arguments(home, "run", *report))
    if "interrupted" in parts:
        interrupt(lambda: run_command(train_arguments(home, "interrupted", *report, "--no-tensorboard")))
    if "arena" in parts:
        run_command(arena_arguments(home))
        shutil.rmtree(home / "arena" / "runs" / "0000" / "likelihood")  # so that the arena is unfinished
        for result in (home / "arena" / "results").glob("*/0000.json"):
            result.unlink()
    if "demo" in parts:
        with shortened():
            run_command(demo_arguments(home))


def interrupt(training: Callable[[], None]) -> None:
    """Stop training after a few steps as Ctrl-C does: the run is saved and can be resumed."""
    from partita.training import train as module

    steps, real = count(1), module.train

    def stop_early(*arguments: Any, **named: Any) -> Path:
        return real(*arguments, **named, stop=lambda: next(steps) >= INTERRUPTED_AT)

    with patch.object(module, "train", stop_early):
        training()


@contextmanager
def shortened() -> Iterator[None]:
    """Shorten the training of demos and the computation of scores while the block runs."""
    with (
        patch("partita.experiments.demo.run.training_minutes", lambda *_, **__: DEMO_MINUTES),
        patch("partita.evaluation.metrics.distances.frechet.HALVINGS", HALVINGS),
    ):
        yield
