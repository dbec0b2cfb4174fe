"""The table of scores: one row for each score, one column for each arm, all numbers with intervals.

This file holds the names and the descriptions of the scores; it does not compute them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Scores = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Name, format and description of a score.

    Args:
        key: key of the score in the dict of `evaluate`.
        name: name on the page.
        rule: which values are good.
        meaning: what the score measures.
        digits: digits after the decimal point.
        scale: factor applied before display.
        unit: unit after the number.
    """

    key: str
    name: str
    rule: str
    meaning: str
    digits: int
    scale: float = 1.0
    unit: str = ""


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


KINDS = (
    Kind(
        key="bits_per_sample",
        name="Bits per sample",
        rule="lower is better",
        meaning="Bits that the model needs for a held-out sample, given its past. A uniform model has 8.",
        digits=3,
    ),
    Kind(
        key="frame_bits_per_sample",
        name="Bits of the frames",
        rule="lower is better",
        meaning=(
            "The part of the bits per sample that describes the frames: loudness, colour and pitch, about 100"
            " times a second. The frame tier needs it. Since the frames follow from the sound, the sum of"
            " both parts is an upper bound on what the sound needs."
        ),
        digits=3,
    ),
    Kind(
        key="conditional_bits_per_sample",
        name="Bits of the samples, given the frames",
        rule="lower is better",
        meaning="The other part: what the sample tier needs for a sample, given its past and the frames.",
        digits=3,
    ),
    Kind(
        key="given_features_noise_db_mmd_log_mel",
        name="Noise for the same distance, sample tier alone",
        rule="higher is better",
        meaning=(
            "Clips whose frames were those of real sound, held against this sound: as far from it as other"
            " real sound with white noise this much below it."
        ),
        digits=0,
        unit="dB",
    ),
    Kind(
        key="frechet_log_mel",
        name="Fréchet distance, log-mel",
        rule="lower is better",
        meaning=(
            "Distance between the spectra of drawn and real clips; for real sound, the distance between two"
            " halves of it. It measures timbre and balance, not melody."
        ),
        digits=1,
    ),
    Kind(
        key="noise_db_mmd_log_mel",
        name="Noise for the same distance, log-mel",
        rule="higher is better",
        meaning=(
            "The clips are as far from real sound as other real sound with white noise this much below it."
            " The distance (MMD) compares the spectra of single moments. 40 stands for 40 or more."
        ),
        digits=0,
        unit="dB",
    ),
    Kind(
        key="noise_db_mmd_timbre",
        name="Noise for the same distance, timbre",
        rule="higher is better",
        meaning="The same, for half seconds without their level: colour, noise, attacks and trembling.",
        digits=0,
        unit="dB",
    ),
    Kind(
        key="median_hnr_db",
        name="Tones against noise",
        rule="best near the real sound’s",
        meaning="Median harmonic-to-noise ratio: power that repeats with a period against the rest.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="voiced_share",
        name="Voiced",
        rule="best near the real sound’s",
        meaning="Share of the sounding time with a clear pitch.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="level_drift_db",
        name="Drift of the level",
        rule="best near the real sound’s",
        meaning="Level of the last second of a clip minus that of its second one.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="seam_db",
        name="Seam",
        rule="best near the real sound’s",
        meaning="Change of the spectrum where the prompt ends, less that at other places of real sound.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="coverage",
        name="Variety",
        rule="best near the real sound’s",
        meaning="Share of the half seconds of real sound that are like some half second of the clips.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="stuck_share",
        name="Stuck",
        rule="best near the real sound’s",
        meaning="Share of the clips that stay on one tone, or hardly change, for seconds.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="level_dbfs",
        name="Level",
        rule="best near the real sound’s",
        meaning="Level of the clips relative to full scale.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="silence_share",
        name="Silence",
        rule="best near the real sound’s",
        meaning="Share of the time below −60 dB; high if the model falls silent.",
        digits=1,
        scale=100,
        unit="%",
    ),
    Kind(
        key="clipped_share",
        name="Clipped",
        rule="best near the real sound’s",
        meaning="Share of samples at full scale; high if the model becomes unstable.",
        digits=2,
        scale=100,
        unit="%",
    ),
    Kind(
        key="spectral_flatness",
        name="Spectral flatness",
        rule="best near the real sound’s",
        meaning="Noise against tones: 0.56 for white noise, near 0 for tones.",
        digits=3,
    ),
)

UPPER_BOUND = (
    "Bits that the model needs for a held-out sample, at most: those of the frames and those of the samples"
    " given the frames, the next two rows. A uniform model has 8."
)


def score_rows(arms: Sequence[Scores]) -> list[Row]:
    """Return the rows of the table.

    Args:
        arms: the scores of each arm, as `evaluate` returns them. A score that an arm lacks has no row.

    >>> row = score_rows([{"bits_per_sample": {"value": 4.5, "low": 4.25, "high": 4.75}}])[0]
    >>> row.cells[0].value, row.cells[0].interval
    ('4.500', '4.250 to 4.750')
    """
    return [_row(kind, arms) for kind in KINDS if all(kind.key in arm for arm in arms)]


def _row(kind: Kind, arms: Sequence[Scores]) -> Row:
    scores = [arm[kind.key] for arm in arms]
    if any(score.get("upper_bound") for score in scores):
        kind = replace(kind, name=f"{kind.name}, at most", meaning=UPPER_BOUND)
    reference = _reference(kind, arms)
    shown = scores + ([reference] if reference else [])
    low, high = min(score["low"] for score in shown), max(score["high"] for score in shown)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return float((value - low) / width) if high > low else 0.5

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
    """Return the score of the real sound, which is the same for all arms because they share the prompts."""
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
    """Format a number with a typographic minus sign, and without a sign if it rounds to zero.

    Args:
        value: the number.
        digits: digits after the decimal point.

    >>> format_number(-3.14159, 2), format_number(-0.001, 2)
    ('−3.14', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
