"""Recordings are split whole where possible, else by time; splits never overlap and are never empty."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from partita.data.preparation.splits import Recording, SplitPart, SplitRules, assign_splits
from partita.data.preparation.summary import held_out_lines
from partita.errors import PartitaError

RATE = 1000


def rules(**changes: object) -> SplitRules:
    values = {"test": (), "validation": (), "validation_seconds": None, "gap": 1.0, "seed": 0}
    return SplitRules(**{**values, **changes})  # type: ignore[arg-type]


def recordings(*seconds: float) -> list[Recording]:
    return [Recording(f"folder/{n}.wav", round(s * RATE)) for n, s in enumerate(seconds)]


def split_of(parts: list[SplitPart]) -> dict[str, str]:
    return {part.name: part.split for part in parts}


@given(
    seconds=st.lists(st.floats(0.5, 100), min_size=1, max_size=12),
    gap=st.floats(0, 3),
    seed=st.integers(0, 5),
    validation_seconds=st.none() | st.floats(0.1, 60),
    test=st.sampled_from([(), ("*/0.wav",)]),
)
@example(
    seconds=[1.0, 3.0, 1.0], gap=0.0, seed=0, validation_seconds=5.0, test=()
)  # validation takes the rest
def test_parts_are_disjoint_have_gaps_and_fill_every_split(
    seconds: list[float], gap: float, seed: int, validation_seconds: float | None, test: tuple[str, ...]
) -> None:
    given_ = recordings(*seconds)
    wanted = rules(gap=gap, seed=seed, validation_seconds=validation_seconds, test=test)
    try:
        parts = assign_splits(given_, wanted, RATE)
    except PartitaError:
        assume(False)
    assert {part.split for part in parts} == {"train", "validation", "test"}
    for recording in given_:
        own = sorted((p for p in parts if p.name == recording.name), key=lambda p: p.start)
        assert all(0 <= p.start < p.stop <= recording.samples for p in own)
        for a, b in pairwise(own):
            assert b.start - a.stop >= round(gap * RATE)
    if validation_seconds is not None:
        held = sum(p.stop - p.start for p in parts if p.split == "validation")
        short = 0.1 * RATE + 1
        assert round(validation_seconds * RATE) - short <= held <= round(validation_seconds * RATE)


def test_none_leaves_out_the_test_split_alone() -> None:
    given_ = recordings(40.0, 60.0)
    for wanted in (rules(test=("none",)), rules(test=("none",), validation_seconds=10.0)):
        parts = assign_splits(given_, wanted, RATE)
        assert {part.split for part in parts} == {"train", "validation"}
        assert "test: nothing, as --test says" in held_out_lines(parts, given_, wanted, RATE)


@pytest.mark.parametrize("count", [8, 10, 200])
def test_eight_or_more_recordings_are_held_out_whole_by_seed(count: int) -> None:
    parts = assign_splits(recordings(*[10.0] * count), rules(), RATE)
    assert len(parts) == count
    for split in ("validation", "test"):
        assert sum(p.split == split for p in parts) == max(1, round(count / 10))
    assert parts == assign_splits(recordings(*[10.0] * count), rules(), RATE)
    others = [split_of(assign_splits(recordings(*[10.0] * count), rules(seed=s), RATE)) for s in range(8)]
    assert len({tuple(sorted(o.items())) for o in others}) > 1


def test_a_new_recording_moves_few_others() -> None:
    before = split_of(assign_splits(recordings(*[10.0] * 100), rules(), RATE))
    after = split_of(assign_splits(recordings(*[10.0] * 101), rules(), RATE))
    assert sum(before[name] != after[name] for name in before) <= 4


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_recordings_are_split_by_time(count: int) -> None:
    parts = assign_splits(recordings(*[60.0 / count] * count), rules(), RATE)
    spans = {split: [p for p in parts if p.split == split] for split in ("train", "validation", "test")}
    assert sum(p.stop - p.start for p in spans["test"]) == 6000
    assert sum(p.stop - p.start for p in spans["validation"]) == 6000
    assert sum(p.stop - p.start for p in spans["train"]) == 60000 - 12000 - 2000


def test_patterns_choose_the_held_out_recordings() -> None:
    parts = assign_splits(
        recordings(5, 5, 5, 5), rules(test=("*0*", "folder/1.wav"), validation=("2.wav",)), RATE
    )
    assert [p.split for p in parts] == ["test", "test", "validation", "train"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "seconds", [(10, 10, 10), (12, 12, 12, 12), (300, 5, 5, 5), (5, 5, 5, 300), (9,) * 5 + (60,), (10,) * 7]
)
def test_few_recordings_hold_out_a_quarter_at_most(seconds: tuple[float, ...], seed: int) -> None:
    parts = assign_splits(recordings(*seconds), rules(seed=seed), RATE)
    held = [sum(p.stop - p.start for p in parts if p.split == split) for split in ("test", "validation")]
    assert max(held) <= 0.15 * sum(seconds) * RATE
    assert sum(held) <= 0.25 * sum(seconds) * RATE
    assert min(held) >= 0.01 * sum(seconds) * RATE


def test_recordings_as_short_as_the_gap_are_held_out_whole() -> None:
    parts = assign_splits(recordings(0.5, 0.5, 0.5), rules(), RATE)
    assert sorted(p.split for p in parts) == ["test", "train", "validation"]


def test_options_hold_out_exactly_their_recordings() -> None:
    asked = rules(test=("0.wav",), validation=("1.wav",))
    assert [p.split for p in assign_splits(recordings(90, 90, 10), asked, RATE)] == [
        "test",
        "validation",
        "train",
    ]
    held = split_of(assign_splits(recordings(90, 90, 10, 10), rules(test=("0.wav", "1.wav")), RATE))
    assert held["folder/0.wav"] == held["folder/1.wav"] == "test"


def test_held_out_seconds_are_one_stretch_at_the_end_of_the_longest_recording() -> None:
    parts = assign_splits(recordings(100, 200, 90), rules(test=("0.wav",), validation_seconds=60), RATE)
    assert [(p.name, p.split, p.start, p.stop) for p in parts] == [
        ("folder/0.wav", "test", 0, 100_000),
        ("folder/1.wav", "train", 0, 139_000),
        ("folder/1.wav", "validation", 140_000, 200_000),
        ("folder/2.wav", "train", 0, 90_000),
    ]


def test_held_out_seconds_of_short_recordings_are_whole_recordings_and_one_end() -> None:
    parts = assign_splits(
        recordings(*[4.0] * 20), rules(gap=0.5, test=("0.wav",), validation_seconds=10), RATE
    )
    held = sorted(p.stop - p.start for p in parts if p.split == "validation")
    assert held == [2000, 4000, 4000]
    assert len([p for p in parts if p.split == "train"]) == 17


@pytest.mark.parametrize(
    ("changes", "seconds", "message"),
    [
        ({"test": ("*flute*",)}, (5, 5, 5), "flute.*fits no usable recording"),
        ({"test": ("*0*",), "validation": ("*/0.wav",)}, (5, 5, 5), "both"),
        ({"test": ("*",)}, (5, 5, 5), "leave at least one to train on"),
        ({"gap": 10}, (5,), "smaller gap"),
        ({"validation": ("*0*",), "validation_seconds": 5}, (5, 5, 5), "exclude each other"),
        ({"validation_seconds": 50}, (5, 5, 5, 5), "no training"),
        ({}, (0.2,), "too little"),
    ],
)
def test_refuses(changes: dict[str, Any], seconds: tuple[float, ...], message: str) -> None:
    with pytest.raises(PartitaError, match=message):
        assign_splits(recordings(*seconds), rules(**changes), RATE)
