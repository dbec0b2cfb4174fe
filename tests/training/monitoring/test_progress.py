"""The progress of a run: lines now and then where there is no terminal, and nothing when it is quiet."""

import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from partita.data.corpus import Corpus
from partita.training.config.train import TrainConfig
from partita.training.monitoring.progress import ProgressDisplay
from partita.training.state import TrainerState
from partita.training.train import train

NUMBERS = {"bits": 4.5, "samples_per_second": 12345.6, "discriminator_loss": 1.2}


def show(display: ProgressDisplay, step: int) -> None:
    display.show(step=step, steps=100, seconds=9.0, progress=step / 100, left=75.0, numbers=NUMBERS)


def test_lines_have_step_bits_rate_and_time_left_but_not_too_often(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressDisplay("violin") as display:
        show(display, 10)
        show(display, 20)
        display.say("[saved] as it is")
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "violin: step 10 of 100, 4.500 bits, 12,346 samples/s, D 1.200, 1:15 left"
    assert lines[1:] == ["violin: [saved] as it is"]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay("violin", quiet=True) as display:
        show(display, 10)
        display.say("saved")
    assert capsys.readouterr() == ("", "")


def test_the_time_left_is_never_more_than_the_budget_even_while_the_pace_is_new() -> None:
    # regression: the progress of a run of minutes is 0 when its pace is first fitted; the time left by the
    # progress was hours where the budget had minutes
    state = TrainerState(step=440, seconds=40.0)
    state.pace.begin(2, 5.0)
    state.pace.fit(400, 36.0, 1200.0)
    left = state.seconds_left(1200.0)
    assert left is not None
    assert 1000.0 < left <= 1160.0
    assert TrainerState().seconds_left(None) is None


def test_the_time_is_shown_where_the_steps_are_only_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay("violin") as display:
        display.show(step=10, steps=None, seconds=65.0, progress=0.5, left=75.0, numbers=NUMBERS)
    assert capsys.readouterr().err == (
        "violin: step 10, 4.500 bits, 12,346 samples/s, D 1.200, 1:05 elapsed, 1:15 left\n"
    )


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def appears(text: str, terminal: Terminal, after: int = 0) -> bool:
    """Return whether the bar, which is drawn ten times a second, shows a text within ten seconds."""
    deadline = time.monotonic() + 10.0
    while text not in terminal.getvalue()[after:] and time.monotonic() < deadline:
        time.sleep(0.01)
    return text in terminal.getvalue()[after:]


def test_a_terminal_shows_the_activity_in_place_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    # regression: the bar was blank while the held-out sound was scored
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with ProgressDisplay("violin") as display:
        show(display, 10)
        with display.busy("scoring"):
            assert appears("scoring ...", terminal)
        assert appears("step 10 of 100", terminal, after=len(terminal.getvalue()))


def test_a_run_of_minutes_shows_no_number_of_steps_and_each_activity(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    corpus: Corpus,
    make_config: Callable[..., TrainConfig],
    tmp_path: Path,
) -> None:
    # regression: "step 10 of 1188", then "of 1562", then "of 586"
    monkeypatch.setattr("partita.training.monitoring.progress.LINE_SECONDS", 0.0)
    train(corpus, tmp_path / "run", make_config(steps=None, minutes=0.01, log_every=1))
    lines = [line.removeprefix("run: ") for line in capsys.readouterr().err.splitlines()]
    steps = [line for line in lines if line.startswith("step")]
    assert steps
    assert all(re.match(r"step \d+, .* \d+:\d\d elapsed, \d+:\d\d left$", line) for line in steps)
    assert {"scoring ...", "saving ...", "scoring all held-out sound ..."} <= set(lines)
