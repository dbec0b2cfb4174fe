"""What a person sees: lines now and then where there is no terminal, nothing when told to be quiet."""

import pytest

from partita.training.position import Position
from partita.training.progress import Display

NUMBERS = {"bits": 4.5, "samples_per_second": 12345.6, "discriminator_loss": 1.2}


def show(display: Display, step: int) -> None:
    display.show(step=step, steps=100, seconds=9.0, progress=step / 100, left=75.0, numbers=NUMBERS)


def test_lines_say_step_bits_rate_and_time_left_but_not_too_often(capsys: pytest.CaptureFixture[str]) -> None:
    with Display("violin") as display:
        show(display, 10)
        show(display, 20)
        display.say("[saved] as it is")
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "violin: step 10 of 100, 4.500 bits, 12,346 samples/s, D 1.200, 1:15 left"
    assert lines[1:] == ["violin: [saved] as it is"]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Display("violin", quiet=True) as display:
        show(display, 10)
        display.say("saved")
    assert capsys.readouterr() == ("", "")


def test_the_time_left_is_never_more_than_the_budget_even_while_the_pace_is_new() -> None:
    # regression: the progress of a run of minutes is 0 when its pace is first fitted; the time left by the
    # progress was hours where the budget had minutes
    position = Position(step=440, seconds=40.0)
    position.pace.begin(2, 5.0)
    position.pace.fit(400, 36.0, 1200.0)
    left = position.seconds_left(1200.0)
    assert left is not None
    assert 1000.0 < left <= 1160.0
    assert Position().seconds_left(None) is None
