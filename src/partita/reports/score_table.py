"""The table of scores: one row for each score, one column for each arm, all numbers with intervals.

This file does not compute scores; their names and descriptions are in `score_kinds.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from partita.reports.score_kinds import KINDS, Kind

REAL = -1  # in place of the index of an arm

Scores = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number and its interval as text; `interval` is empty if there is none."""

    value: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Whisker:
    """An interval in the small plot of a row, as positions from 0 (left) to 1 (right).

    Args:
        arm: index of the arm; -1 for the real sound.
        low: lower end of the interval.
        value: the score.
        high: upper end of the interval.
    """

    arm: int
    low: float
    value: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table, ready to display."""

    kind: Kind
    cells: list[Cell]
    reference: Cell
    whiskers: list[Whisker]


UPPER_BOUND = (
    "Bits that the model needs for a held-out sample, at most: those of the frames and those of the samples"
    " given the frames, the next two rows. A uniform model has 8."
)


def score_rows(arms: Sequence[Scores], kinds: Sequence[Kind] = KINDS) -> list[Row]:
    """Return the rows of the table.

    Args:
        arms: the scores of each arm, as `evaluate` returns them. An arm that lacks a score has a dash; a
            score that all arms lack has no row.
        kinds: the scores of the table, in its order.

    >>> row = score_rows([{"bits_per_sample": {"value": 4.5, "low": 4.25, "high": 4.75}}])[0]
    >>> row.cells[0].value, row.cells[0].interval
    ('4.500', '4.250 to 4.750')
    """
    return [_row(kind, arms) for kind in kinds if any(kind.key in arm for arm in arms)]


def _row(kind: Kind, arms: Sequence[Scores]) -> Row:
    scores = [arm.get(kind.key) for arm in arms]
    known = [(number, score) for number, score in enumerate(scores) if score]
    if any(score.get("upper_bound") for _, score in known):
        kind = replace(kind, name=f"{kind.name}, at most", meaning=UPPER_BOUND)
    reference = _reference(kind, arms)
    shown = known + ([(REAL, reference)] if reference else [])
    low, high = min(score["low"] for _, score in shown), max(score["high"] for _, score in shown)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return float((value - low) / width) if high > low else 0.5

    whiskers = [
        Whisker(
            arm=arm,
            low=place(score["low"]),
            value=place(score["value"]),
            high=place(score["high"]),
        )
        for arm, score in shown
    ]
    return Row(
        kind=kind,
        cells=[_cell(kind, score) for score in scores],
        reference=_cell(kind, reference),
        whiskers=whiskers,
    )


def _reference(kind: Kind, arms: Sequence[Scores]) -> dict[str, float] | None:
    """Return the score of the real sound, which is the same for all arms because they share the prompts."""
    if kind.key == "frechet_log_mel":
        halves: dict[str, float] | None = arms[0].get("frechet_real_halves")
        return halves
    return next((arm[kind.key]["real"] for arm in arms if "real" in arm.get(kind.key, {})), None)


def _cell(kind: Kind, score: dict[str, float] | None) -> Cell:
    if score is None:
        return Cell(value="–", interval="")
    value, low, high = (
        format_number(score[name] * kind.scale, kind.digits) for name in ("value", "low", "high")
    )
    unit = f" {kind.unit}" if kind.unit else ""
    return Cell(value=value + unit, interval=f"{low} to {high}")


def format_number(value: float, digits: int) -> str:
    """Format a number with a typographic minus sign, and without a sign if it rounds to zero.

    Args:
        value: the number.
        digits: digits after the decimal point.

    >>> format_number(-3.14159, 2), format_number(-0.001, 2)
    ('−3.14', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
