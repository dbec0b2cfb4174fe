"""The folders that are attacked: recordings, a corpus, a finished and an interrupted run, an arena, a demo.

All of them are as small as they can be and still hold every kind of file that Partita writes. They are made
by the commands themselves where that is possible. A scene must be used in the folder where it was made, since
its files name absolute paths: keep a copy, and copy it back for each case.

This file makes scenes; it does not attack them.
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
"""Minutes of training in a demo: fewer than the command gives, however little is asked for."""
HALVINGS = 4
"""Ways to halve the clips when their distance is scored: their usual number takes half of all the time."""


def write_recordings(folder: Path, *, numbers: range = range(1, 5), seconds: float = 2.0) -> None:
    """Write short recordings, each a tone of its own with a little noise."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = round(seconds * RATE)
    for number in numbers:
        noise = np.random.default_rng(number).standard_normal(samples)
        tone = 0.5 * np.sin(0.1 * number * np.arange(samples)) + 0.01 * noise
        soundfile.write(folder / f"take-{number}.wav", tone, RATE)


def prepare_words(home: Path) -> list[str]:
    """Return the command that makes the scene's corpus, or brings it up to date."""
    where = [str(home / "recordings"), "--out", str(home / "corpus"), "--sample-rate", str(RATE)]
    return ["prepare", *where, *HELD_OUT]


def train_words(home: Path, out: str, *more: str) -> list[str]:
    """Return the command that makes a run from the scene's corpus."""
    return ["train", str(home / "corpus"), "--out", str(home / out), *TINY, *REPEATABLE, *more]


def arena_words(home: Path, *more: str) -> list[str]:
    """Return the command that begins the scene's arena, or goes on with it."""
    return ["arena", "--out", str(home / "arena"), "--corpus", str(home / "corpus"), *ARENA, *more]


def demo_words(home: Path) -> list[str]:
    """Return the command that begins the scene's demo, or goes on with it."""
    return ["demo", "--out", str(home / "demo"), "--recordings", str(home / "recordings"), *DEMO]


def do(words: list[str]) -> None:
    """Run a command in this process; what it does is needed, so it must succeed."""
    status = main(words)
    if status != 0:
        raise RuntimeError(f"`partita {' '.join(words)}` ended with {status}")


def make_scene(home: Path, parts: set[str]) -> None:
    """Make the recordings, the corpus, and what is asked of `run`, `interrupted`, `arena` and `demo`."""
    write_recordings(home / "recordings")
    do(prepare_words(home))
    report = ("--arm", "report", "--steps", str(STEPS))
    if "run" in parts:
        do(train_words(home, "run", *report))
    if "interrupted" in parts:
        interrupt(lambda: do(train_words(home, "interrupted", *report, "--no-tensorboard")))
    if "arena" in parts:
        do(arena_words(home))
        shutil.rmtree(home / "arena" / "runs" / "0000" / "likelihood")  # so that going on has work to do
        for result in (home / "arena" / "results").glob("*/0000.json"):
            result.unlink()
    if "demo" in parts:
        with quick():
            do(demo_words(home))


def interrupt(training: Callable[[], None]) -> None:
    """Stop a training after a few steps, as Ctrl-C does: it is saved and can go on."""
    from partita.training import train as module

    steps, real = count(1), module.train

    def until_then(*arguments: Any, **named: Any) -> Path:
        return real(*arguments, **named, stop=lambda: next(steps) >= INTERRUPTED_AT)

    with patch.object(module, "train", until_then):
        training()


@contextmanager
def quick() -> Iterator[None]:
    """Let a demo train for a second, and scores be of a few halvings, while the block runs."""
    with (
        patch("partita.experiments.demo.run.training_minutes", lambda *_, **__: DEMO_MINUTES),
        patch("partita.evaluation.metrics.frechet.HALVINGS", HALVINGS),
    ):
        yield
