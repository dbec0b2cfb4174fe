"""The scores of several models side by side, as text: a row for each score and a column for each model.

Where the table is too wide, each interval is below its value. Where it is still too wide, the numbers have 4
digits, and then each score is a block with a line for each model. This file computes no scores and prints
nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rich.cells import cell_len

from partita.cli.evaluate.heads import column_heads
from partita.cli.evaluate.rows import UPPER_BOUND, is_noise, score_names
from partita.evaluation.clip_scores import GIVEN_PREFIX
from partita.terminal import printable

Scores = Mapping[str, Any]

REAL, DIFFERS = "real", "differs"
NUMBERS = ("value", "low", "high")
SETTINGS = ("features", "temperature")  # of "about": rows of the table if models differ in them
DIGITS = 4  # after the decimal point
LARGEST = 1e6  # of the numbers that are short with a decimal point
GAP = "  "
NOISE_NOTE = "noise_db_: as far from real as real with noise at so many dB below it; 40 stands for 40 or more"


@dataclass(frozen=True)
class Cell:
    """A value and its interval as text; `interval` is empty if there is none."""

    value: str
    interval: str = ""


DASH = Cell("-")


@dataclass(frozen=True)
class Row:
    """A score with a cell for each model, and one for the real sound."""

    name: str
    cells: list[Cell]


def table_lines(scores: Mapping[str, dict[str, Any]], width: int) -> list[str]:
    """Return the table of the scores of several models, and below it what its signs mean.

    Args:
        scores: what `evaluate` returns for each model, by the name of the model.
        width: columns of the terminal.

    >>> score = {"value": 0.5, "low": 0.25, "high": 1.0}
    >>> other = {"value": 1.5, "low": 1.25, "high": 2.0, "real": score}
    >>> for line in table_lines({"runs/a": {"seam_db": score}, "runs/b": {"seam_db": other}}, 100):
    ...     print(line)
             runs/a                   runs/b                   real
    seam_db  0.5000 [0.2500, 1.0000]  1.5000 [1.2500, 2.0000]  0.5000 [0.2500, 1.0000]
    """
    names, models = list(scores), list(scores.values())
    heads = column_heads(names, reserved=[REAL])
    shortened = [
        f"{head}: {printable(name)}" for head, name in zip(heads, names, strict=True) if head != name
    ]
    return [*shortened, *_layout([*heads, REAL], models, width), *_notes(models)]


def _layout(heads: list[str], models: Sequence[Scores], width: int) -> list[str]:
    """Return the rows of the first layout that fits the width, or a block for each score."""
    rows, short = _rows(models, short=False), _rows(models, short=True)
    for lines in (_wide(heads, rows), _stacked(heads, rows), _stacked(heads, short)):
        if max(map(cell_len, lines)) <= width:
            return lines
    return _blocks(heads, rows)


def _wide(heads: list[str], rows: list[Row]) -> list[str]:
    """Return a line for each score, with each interval beside its value."""
    columns = zip(*(row.cells for row in rows), strict=True)
    widths = [max((len(cell.value) for cell in column if cell.interval), default=0) for column in columns]
    grid = [
        [row.name]
        + [
            f"{cell.value:{size if cell.interval else 0}} {cell.interval}"
            for cell, size in zip(row.cells, widths, strict=True)
        ]
        for row in rows
    ]
    return _aligned([["", *heads], *grid])


def _stacked(heads: list[str], rows: list[Row]) -> list[str]:
    """Return two lines for each score, with each interval below its value."""
    grid = [["", *heads]]
    for row in rows:
        rest = row.name.removeprefix(GIVEN_PREFIX)
        name = [GIVEN_PREFIX, f"  {rest}"] if rest != row.name else [rest, ""]
        grid.append([name[0], *(cell.value for cell in row.cells)])
        if any(cell.interval for cell in row.cells):
            grid.append([name[1], *(cell.interval for cell in row.cells)])
    return _aligned(grid)


def _blocks(heads: list[str], rows: list[Row]) -> list[str]:
    """Return for each score its name, a line for each model, and one for real sound if it has it."""
    blocks = [
        [
            ["", head, cell.value, cell.interval]
            for head, cell in zip(heads, row.cells, strict=True)
            if head != REAL or cell != DASH
        ]
        for row in rows
    ]
    lines = iter(_aligned([line for block in blocks for line in block]))
    return [
        line
        for row, block in zip(rows, blocks, strict=True)
        for line in (row.name, *islice(lines, len(block)))
    ]


def _aligned(grid: list[list[str]]) -> list[str]:
    """Return lines whose cells begin in the same columns."""
    widths = [max(map(cell_len, column)) for column in zip(*grid, strict=True)]
    return [
        GAP.join(
            text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in grid
    ]


def _rows(models: Sequence[Scores], *, short: bool) -> list[Row]:
    """Return the settings in which the models differ, then the scores that at least one model has."""
    rows = []
    for setting in SETTINGS:
        values = [str(scores.get("about", {}).get(setting) or "none") for scores in models]
        if len({*values}) > 1:
            rows.append(Row(setting, [*map(Cell, values), DASH]))
    for name in _merged_names(models):
        found = [scores.get(name) for scores in models]
        reals = [score[REAL] for score in found if score is not None and REAL in score]
        numbers = [score[key] for score in (*found, *reals) if score for key in NUMBERS]
        form = _short_form(max(map(abs, numbers))) if short else f".{DIGITS}f"
        cells = [DASH if score is None else _cell(score, form) for score in found]
        rows.append(Row(name, [*cells, _real_cell(reals, form)]))
    return rows


def _short_form(largest: float) -> str:
    """Return the format of a row's numbers that shows about 4 digits of its largest one.

    >>> numbers = (0.0123, 0.1234, 1.23456, 123.456, 12345.6, 1.2345e8)
    >>> [format(number, _short_form(number)) for number in numbers]
    ['0.0123', '0.123', '1.235', '123.5', '12346', '1.23e+08']
    """
    if largest >= LARGEST:
        return ".2e"
    return f".{DIGITS}f" if largest < 0.1 else f".{max(0, DIGITS - len(str(int(largest))))}f"


def _cell(score: Scores, form: str) -> Cell:
    value, low, high = (f"{score[key]:{form}}" for key in NUMBERS)
    return Cell(f"<= {value}" if score.get("upper_bound") else value, f"[{low}, {high}]")


def _real_cell(reals: Sequence[Scores], form: str) -> Cell:
    """Return the score of the real sound, which models with different classes have differently."""
    if not reals:
        return DASH
    same = all(
        math.isclose(one[key], reals[0][key], rel_tol=1e-6, abs_tol=1e-9) for one in reals for key in NUMBERS
    )
    return _cell(reals[0], form) if same else Cell(DIFFERS)


def _merged_names(models: Sequence[Scores]) -> list[str]:
    """Return the names of all scores; one that only some models have follows what it follows there.

    >>> score = {"value": 0.0}
    >>> _merged_names([{"bits": score, "seam": score}, {"bits": score, "frame_bits": score, "seam": score}])
    ['bits', 'frame_bits', 'seam']
    """
    names: list[str] = []
    for scores in models:
        place = 0
        for name in score_names(dict(scores)):
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _notes(models: Sequence[Scores]) -> list[str]:
    """Return what the signs and the names of the table mean, where they are in it."""
    found = [(name, scores[name]) for scores in models for name in score_names(dict(scores))]
    notes = [f"<= is {UPPER_BOUND}"] if any(score.get("upper_bound") for _, score in found) else []
    return notes + ([NOISE_NOTE] if any(is_noise(name) for name, _ in found) else [])
