"""The table of scores: one row a score, one column an arm, every number with its interval.

Knows the scores' names and how to read them; knows nothing of how they were made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Scores = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a score is called, shown and read."""

    key: str
    name: str
    rule: str
    meaning: str
    digits: int
    scale: float = 1.0
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number and its interval as text; `interval` is empty where there is none."""

    value: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Whisker:
    """An interval in a row's small picture: three places, 0 to 1; `arm` is -1 for the real sound."""

    arm: int
    low: float
    value: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One score, ready to show."""

    kind: Kind
    cells: list[Cell]
    reference: Cell
    whiskers: list[Whisker]


KINDS = (
    Kind(
        key="bits_per_sample",
        name="Bits per sample",
        rule="lower is better",
        meaning="Bits that the model needs for a held-out sample, given its true past. 8 is to know nothing.",
        digits=3,
    ),
    Kind(
        key="frechet_log_mel",
        name="Fréchet distance, log-mel",
        rule="lower is better",
        meaning=(
            "How far the clips’ spectra lie from real ones; under real sound, how far real ones lie from each"
            " other. Timbre and balance, not melody."
        ),
        digits=1,
    ),
    Kind(
        key="level_dbfs",
        name="Level",
        rule="best near the real sound’s",
        meaning="Loudness of the clips, below full scale.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="silence_share",
        name="Silence",
        rule="best near the real sound’s",
        meaning="Share of the time below −60 dB: a model that dies away has much of it.",
        digits=1,
        scale=100,
        unit="%",
    ),
    Kind(
        key="clipped_share",
        name="Clipped",
        rule="best near the real sound’s",
        meaning="Share of samples at full scale: a model that runs away has much of it.",
        digits=2,
        scale=100,
        unit="%",
    ),
    Kind(
        key="spectral_flatness",
        name="Spectral flatness",
        rule="best near the real sound’s",
        meaning="Noise against tones: 0.56 is white noise, near 0 is tones.",
        digits=3,
    ),
)


def score_rows(arms: Sequence[Scores]) -> list[Row]:
    """Return the table's rows for the arms' scores, as `evaluate` returns them; a score that an arm lacks is
    left out.

    >>> row = score_rows([{"bits_per_sample": {"value": 4.5, "low": 4.25, "high": 4.75}}])[0]
    >>> row.cells[0].value, row.cells[0].interval
    ('4.500', '4.250 to 4.750')
    """
    return [_row(kind, arms) for kind in KINDS if all(kind.key in arm for arm in arms)]


def _row(kind: Kind, arms: Sequence[Scores]) -> Row:
    scores = [arm[kind.key] for arm in arms]
    reference = _reference(kind, arms)
    shown = scores + ([reference] if reference else [])
    low, high = min(score["low"] for score in shown), max(score["high"] for score in shown)
    room = (high - low) or 1.0

    def place(value: float) -> float:
        return float((value - low) / room) if high > low else 0.5

    whiskers = [
        Whisker(
            arm=-1 if score is reference else number,
            low=place(score["low"]),
            value=place(score["value"]),
            high=place(score["high"]),
        )
        for number, score in enumerate(shown)
    ]
    return Row(
        kind=kind,
        cells=[_cell(kind, score) for score in scores],
        reference=_cell(kind, reference) if reference else Cell(value="–", interval=""),
        whiskers=whiskers,
    )


def _reference(kind: Kind, arms: Sequence[Scores]) -> dict[str, float] | None:
    """Return the real sound's own score, which is the same for every arm since all have the same prompts."""
    if kind.key == "frechet_log_mel":
        return arms[0].get("frechet_real_halves")
    real: dict[str, float] | None = arms[0][kind.key].get("real")
    return real


def _cell(kind: Kind, score: dict[str, float]) -> Cell:
    value, low, high = (
        format_number(score[name] * kind.scale, kind.digits) for name in ("value", "low", "high")
    )
    unit = f" {kind.unit}" if kind.unit else ""
    return Cell(value=value + unit, interval=f"{low} to {high}")


def format_number(value: float, digits: int) -> str:
    """Return a number with a true minus sign, and no sign on what rounds to zero.

    >>> format_number(-3.14159, 2), format_number(-0.001, 2)
    ('−3.14', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
