"""Odd command lines: each ends with a status and one line for an error, without a traceback."""

import contextlib
import runpy
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.cli.main import main

command_lines = runpy.run_path(str(Path(__file__).with_name("command_lines.py")))["command_lines"]
RATE = 8000
SECONDS = 60  # time limit of a command line, on a busy machine


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make recordings, a corpus and a run of a few steps."""
    folder = tmp_path_factory.mktemp("lines")
    recordings = folder / "recordings"
    recordings.mkdir()
    chance = np.random.default_rng(0)
    for number in range(1, 4):
        tone = 0.5 * np.sin(np.arange(3 * RATE) * 0.1 * number) + 0.01 * chance.standard_normal(3 * RATE)
        soundfile.write(recordings / f"take-{number}.wav", tone, RATE)
    corpus, run = str(folder / "corpus"), str(folder / "run")
    prepared = ["prepare", str(recordings), "--out", corpus, "--sample-rate", str(RATE)]
    assert main([*prepared, "--test", "*-1*", "--validation", "*-2*"]) == 0
    tiny = [*("--size", "tiny", "--steps", "2", "--targets", "256", "--batch", "1", "--validations", "1")]
    assert main(["train", corpus, "--out", run, *tiny, "--preview-clips", "0", "--no-tensorboard"]) == 0
    return {"recordings": str(recordings), "corpus": corpus, "run": run, "new": str(folder / "new")}


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise a TimeoutError in the block after a number of seconds."""

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def find_fault(words: list[str], folder: Path) -> str | None:
    """Run a command line; return a description of its fault, or None."""
    out, err = folder / "out.txt", folder / "err.txt"
    start = time.monotonic()
    try:
        with (
            out.open("w", encoding="utf-8") as stdout,
            err.open("w", encoding="utf-8") as stderr,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            time_limit(SECONDS),
        ):
            status: object = main(words)
    except BaseException as error:
        status = repr(error)
    messages = err.read_text(encoding="utf-8")
    lines = [line for line in messages.splitlines() if line.startswith("partita")]
    shown = f"{[word[:60] for word in words]} ended with {status}: {messages[-2000:]!r}"
    if time.monotonic() - start > SECONDS:
        return f"too slow: {shown}"
    if status not in (0, 2, 130) or (status == 2 and len(lines) != 1):
        return shown
    if "unexpected" in messages or "Traceback" in messages or "\x1b" in messages or "\x00" in messages:
        return shown
    return None


def run_all(seed: int, count: int, places: dict[str, str], folder: Path, cwd: Path) -> list[str]:
    """Return the faults of all lines."""
    cwd.mkdir(parents=True)
    with contextlib.chdir(cwd):
        found = (find_fault(words, folder) for words in command_lines(seed, count, places))
        return [fault for fault in found if fault is not None]


@pytest.mark.filterwarnings("default")
def test_a_few_odd_command_lines_end_well(
    places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_all(1, 10, places, tmp_path, tmp_path / "a" / "b" / "c") == []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_odd_command_lines_end_well(
    places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_all(0, 300, places, tmp_path, tmp_path / "a" / "b" / "c") == []
