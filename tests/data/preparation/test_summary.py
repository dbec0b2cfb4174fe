"""`prepare` reports what it held out, and warns of little training sound."""

import time

import pytest

from partita.data.preparation.splits import Recording, SplitPart, SplitRules, assign_splits
from partita.data.preparation.summary import held_out_lines, split_warnings

RATE = 1000


def report(seconds: tuple[float, ...], **changes: object) -> tuple[list[str], list[str]]:
    values = {"test": (), "validation": (), "validation_seconds": None, "gap": 1.0, "seed": 0}
    rules = SplitRules(**{**values, **changes})  # type: ignore[arg-type]
    recordings = [Recording(f"{n}.wav", round(s * RATE)) for n, s in enumerate(seconds)]
    given = (assign_splits(recordings, rules, RATE), recordings, rules, RATE)
    return held_out_lines(*given), split_warnings(*given)


def test_a_block_of_time_is_described() -> None:
    lines, warnings = report((300, 100))
    assert lines == [
        "validation: 40 s (10%) from a stretch of 1.wav; choose it yourself with --validation or"
        " --validation-seconds",
        "test: 40 s (10%) from the end of 1.wav; choose it yourself with --test",
    ]
    assert warnings == []


def test_whole_recordings_are_counted_and_the_option_is_named() -> None:
    lines, _ = report((10.0,) * 40, test=("0.wav",), validation_seconds=25)
    assert lines[0] == "validation: 25 s (6%) from 2 recordings and the end of " + lines[0].split()[-4] + (
        " as --validation-seconds says"
    )
    assert lines[1] == "test: 10 s (2%) from 0.wav, as --test says"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"test": ("0.wav",)}, "--test holds out 50%"),
        ({"validation": ("0.wav",)}, "--validation holds out 50%"),
        ({"validation_seconds": 90}, "--validation-seconds holds out 45%"),
    ],
)
def test_an_option_that_holds_out_a_large_share_gives_a_warning(changes: dict, word: str) -> None:
    _, warnings = report((100, 50, 50), **changes)
    assert warnings == [f"{word} of the sound, which leaves little to train on: hold out less"]


def test_little_training_sound_gives_a_warning() -> None:
    (line,) = report((5,))[1]
    assert line == (
        "2.0 s of training sound: a model learns little from less than a few minutes, add recordings"
    )
    assert report((100,))[1] == []


def test_many_recordings_are_described_quickly() -> None:
    count = 40_000
    recordings = [Recording(f"{n}.wav", 1000) for n in range(2 * count)]
    parts = [SplitPart(r.name, "test" if n < count else "train", 0, 1000) for n, r in enumerate(recordings)]
    rules = SplitRules(test=("*",), validation=(), validation_seconds=None, gap=1.0, seed=0)
    begun = time.process_time()
    lines = held_out_lines(parts, recordings, rules, 1000)
    assert time.process_time() - begun < 2.0  # ten times what it takes
    assert any("from 40000 recordings, as --test says" in line for line in lines)
