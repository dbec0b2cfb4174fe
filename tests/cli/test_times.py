"""Times as people write them, and what is no time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.cli.help import options_of
from partita.cli.main import main
from partita.cli.times import read_time, unit_of, with_times
from partita.cli.train import Command
from partita.errors import PartitaError


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_every_way_to_write_a_time_gives_the_same(hours: int, minutes: int, seconds: int) -> None:
    total = 3600 * hours + 60 * minutes + seconds
    for text in (f"{hours}:{minutes:02d}:{seconds:02d}", f"{hours}h{minutes}m{seconds}s", f"{total}"):
        assert read_time(text, 1.0) == total
    assert read_time(f"{60 * hours + minutes}:{seconds:02d}", 60.0) == pytest.approx(total / 60)


@pytest.mark.parametrize("text", ["1:5", ":30", "1:60", "1:30:", "1::30", "m", "1m30", "-1:30", "soon", ""])
def test_other_texts_are_no_times(text: str) -> None:
    assert read_time(text, 1.0) is None


@pytest.mark.parametrize("text", ["5", "1e3", "inf", "-5", ".5"])
def test_a_number_stays_as_it_was_written(text: str) -> None:
    assert with_times(["--seconds", text, f"--base-minutes={text}"]) == [
        *("--seconds", text),
        f"--base-minutes={text}",
    ]
    assert not math.isnan(float(text))


def test_only_options_of_time_are_read_and_nothing_after_two_dashes() -> None:
    words = ["--out", "1:30", "--seed=1:30", "1:30", "--", "--seconds", "1:30"]
    assert with_times(words) == words


def test_the_options_of_training_that_take_a_time() -> None:
    names = {option.name for option in options_of(Command) if unit_of(option.name)}
    assert names == {"--minutes", "--checkpoint-minutes", "--preview-seconds"}


def test_one_message_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PartitaError, match=r"`--gap` is 'soon': give a number, or a time such as 1:30"):
        with_times(["--gap", "soon"])
    assert main(["prepare", "recordings", "--out", "corpus", "--validation-seconds=1:75"]) == 2
    said = capsys.readouterr().err
    rule = "give a number, or a time such as 1:30 or 1m30s"
    assert said == f"partita prepare: `--validation-seconds` is '1:75': {rule}\n"
