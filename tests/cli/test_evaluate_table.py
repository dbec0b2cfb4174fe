"""The table of several models' scores: its columns, its layouts for each width, and its heads."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.cli.evaluate.heads import LONGEST, column_heads
from partita.cli.evaluate.table import table_lines

Scores = dict[str, Any]


def score(value: float, **more: Any) -> Scores:
    return {"value": value, "low": value - 0.25, "high": value + 0.5, **more}


def model(shift: float, *, tiers: int = 2) -> Scores:
    """Return scores of usual sizes and names, of a model with two tiers or one."""
    parts = {"frame_bits_per_sample": score(0.5), "conditional_bits_per_sample": score(4.0 + shift)}
    alone = {
        "given_features_noise_db_frechet_log_mel": score(25.8 + shift),
        "given_features_voiced_share": score(0.883, real=score(0.9)),
    }
    return {
        "bits_per_sample": score(4.5 + shift, **({"upper_bound": True} if tiers == 2 else {})),
        **(parts if tiers == 2 else {}),
        "frechet_log_mel": score(440.5333 + shift),
        "mmd_log_mel": score(0.3891 + shift, real=score(0.0001)),
        "noise_db_frechet_log_mel": score(39.0 + shift),
        "level_dbfs": score(-23.4567 + shift, real=score(-20.1234)),
        **(alone if tiers == 2 else {}),
        "warnings": [],
        "about": {"features": "drawn" if tiers == 2 else None, "temperature": 1.0, "seed": 0},
    }


def test_columns_are_in_the_order_of_the_models_and_missing_scores_are_dashes() -> None:
    head, *rows = table_lines({"runs/b": model(0.1, tiers=1), "runs/a": model(0.2)}, 150)
    assert head.split() == ["runs/b", "runs/a", "real"]
    starts = [head.index(name) for name in ("runs/b", "runs/a", "real")]
    cells = {row.split()[0]: [row[start:].split()[0] for start in starts] for row in rows[:-2]}
    assert cells["features"] == ["none", "drawn", "-"]
    assert "temperature" not in cells
    assert cells["mmd_log_mel"] == ["0.4891", "0.5891", "0.0001"]
    assert cells["frame_bits_per_sample"] == ["-", "0.5000", "-"]
    assert cells["bits_per_sample"] == ["4.6000", "<=", "-"]
    assert "<= 4.7000" in rows[1]
    assert rows[-2].startswith("<= is an upper bound")
    assert rows[-1].startswith("noise_db_: ")
    assert list(cells)[1:4] == ["bits_per_sample", "frame_bits_per_sample", "conditional_bits_per_sample"]


def test_a_real_score_that_differs_between_models_is_not_shown_as_one() -> None:
    scores = {"a": {"seam_db": score(1.0, real=score(0.5))}, "b": {"seam_db": score(1.0, real=score(0.6))}}
    assert table_lines(scores, 100)[1].split()[-1] == "differs"
    scores["b"]["seam_db"]["real"] = score(0.5 + 1e-12)
    assert table_lines(scores, 100)[1].split()[-3:] == ["0.5000", "[0.2500,", "1.0000]"]


@pytest.mark.parametrize("count", [2, 3])
def test_two_or_three_models_are_a_table_of_100_columns(count: int) -> None:
    names = [f"runs/likelihood-{seed}" for seed in range(count)]
    lines = table_lines({name: model(seed / 10) for seed, name in enumerate(names)}, 100)
    assert lines[count].split() == [*(name.removeprefix("runs/") for name in names), "real"]
    assert max(map(len, lines)) <= 100
    bits = next(number for number, line in enumerate(lines) if line.startswith("bits_per_sample"))
    digits = 4 if count == 2 else 3
    values = [4.5 + seed / 10 for seed in range(count)]
    assert re.findall(r"<= ([\d.]+)", lines[bits]) == [f"{value:.{digits}f}" for value in values]
    intervals = [f"[{value - 0.25:.{digits}f}, {value + 0.5:.{digits}f}]" for value in values]
    assert re.findall(r"\[.*?\]", lines[bits + 1]) == intervals


def test_a_narrow_terminal_gets_a_block_for_each_score_with_all_digits() -> None:
    lines = table_lines({"a": model(0.1), "runs/b": model(0.2, tiers=1)}, 60)
    assert max(map(len, lines[:-2])) <= 60
    place = lines.index("level_dbfs")
    assert [" ".join(line.split()) for line in lines[place + 1 : place + 4]] == [
        "a -23.3567 [-23.6067, -22.8567]",
        "runs/b -23.2567 [-23.5067, -22.7567]",
        "real -20.1234 [-20.3734, -19.6234]",
    ]
    place = lines.index("frame_bits_per_sample")
    assert [line.split()[:2] for line in lines[place + 1 : place + 3]] == [["a", "0.5000"], ["runs/b", "-"]]
    assert not lines[place + 3].startswith(" ")  # real sound has no such score


def test_shortened_heads_are_explained_above_the_table() -> None:
    lines = table_lines({"/data/first/run": model(0.1), "/data/experiments/second/run": model(0.2)}, 150)
    assert lines[:2] == ["first/run: /data/first/run", "second/run: /data/experiments/second/run"]
    assert lines[2].split() == ["first/run", "second/run", "real"]


def test_wide_characters_do_not_move_the_columns() -> None:
    lines = table_lines({"音楽": model(0.1), "b": model(0.2)}, 150)
    wide = "音楽"
    assert lines[0].index("b ") + len(wide) == lines[1].index("<= 4.7000")


@given(
    st.lists(
        st.text("ab/.\n\x1b音", min_size=1, max_size=30).filter(lambda name: name.strip("/.")),
        min_size=1, max_size=6, unique_by=lambda name: name.strip("/"),
    )
)  # fmt: skip
def test_heads_are_distinct_short_and_printable(names: list[str]) -> None:
    heads = column_heads(names, reserved=["real"])
    assert len({*heads, "real"}) == len(names) + 1
    assert max(map(len, heads)) <= LONGEST + len("1:")
    assert "\n" not in "".join(heads)
    if all(len(name) <= LONGEST and name.isprintable() and name != "real" for name in names):
        assert heads == names
