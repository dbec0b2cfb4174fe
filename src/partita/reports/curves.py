"""Learning curves from the metrics records of runs. This file reads no files and draws no charts."""

from collections.abc import Sequence
from itertools import takewhile
from math import log
from typing import Any

import numpy as np

from partita.reports.charts import SHARED, Chart, Guide, Series, chart

Record = dict[str, Any]
CHANCE_LOSS = 2 * log(2)
"""Loss of a discriminator whose output is always 1/2, in nats: -log(1/2) for real plus -log(1/2) for fake."""
LATE_START = 0.2  # share of the x axis: a loss that begins later has an axis that begins with it


def points(records: Sequence[Record], kind: str, x: str, y: str) -> tuple[list[float], list[float]]:
    """Return x and y of all records of a kind that have both.

    Args:
        records: metrics records of a run.
        kind: the value of "kind", for example "train".
        x: key of the horizontal values.
        y: key of the vertical values.

    >>> records = [{"kind": "train", "step": 1, "bits": 7.5}, {"kind": "validation", "step": 1}]
    >>> points(records, "train", "step", "bits")
    ([1.0], [7.5])
    """
    found = [r for r in records if r.get("kind") == kind and r.get(x) is not None and r.get(y) is not None]
    return [float(r[x]) for r in found], [float(r[y]) for r in found]


def learning_charts(arms: Sequence[tuple[str, Sequence[Record]]]) -> list[Chart]:
    """Return the learning curves of some arms.

    The charts show the bits over time and over steps. With an adversary, they also show the losses of the
    discriminator and the generator, from the first update that has them. Records with which all arms begin
    are drawn once, as their common start.

    Args:
        arms: the name and the metrics records of each arm.
    """
    completed = [(name, _with_minutes(records)) for name, records in arms]
    guides = [Guide(value=CHANCE_LOSS, label="chance: 2 ln 2")]
    two_tiers = any("frame_bits" in record for _, records in arms for record in records)
    bits = "Bits per sample, given the frames," if two_tiers else "Bits per sample"
    charts = [
        chart(f"{bits} over time", "minutes of training", "bits", _bits(completed, "minutes")),
        chart(f"{bits} over steps", "generator updates", "bits", _bits(completed, "step")),
        _loss(completed, "discriminator_loss", "Loss of the discriminator", guides),
        _loss(completed, "adversarial_loss", "Loss of the generator, adversarial part", []),
    ]
    return [one for one in charts if one is not None]


def common_start(arms: Sequence[Sequence[Record]]) -> int:
    """Return with how many equal records all of several arms begin; 0 for one arm.

    Args:
        arms: the records of each arm.

    >>> one, other = {"step": 1}, {"step": 2}
    >>> common_start([[one, one], [one, other]]), common_start([[one, one]])
    (1, 0)
    """
    if len(arms) < 2:
        return 0
    rows = zip(*arms, strict=False)
    return sum(1 for _ in takewhile(lambda row: all(one == row[0] for one in row), rows))


def _bits(arms: Sequence[tuple[str, Sequence[Record]]], x: str) -> list[Series]:
    """Return the bits of the common start, and those of each arm from its end on."""
    shared = common_start([records for _, records in arms])
    series = []
    for style, label in (("train", "training"), ("validation", "validation")):
        start = points(arms[0][1][:shared], style, x, "bits") if arms else ([], [])
        if start[0]:
            series.append(
                Series(arm=SHARED, style=style, label=f"common start, {label},", x=start[0], y=start[1])
            )
        for arm, (name, records) in enumerate(arms):
            x_values, y_values = points(records[shared:], style, x, "bits")
            if x_values:  # the line begins where that of the start ends
                x_values, y_values = start[0][-1:] + x_values, start[1][-1:] + y_values
            series.append(Series(arm=arm, style=style, label=f"{name}, {label},", x=x_values, y=y_values))
    return series


def _loss(
    arms: Sequence[tuple[str, Sequence[Record]]], loss: str, title: str, guides: list[Guide]
) -> Chart | None:
    """Return the chart of a loss; its x axis begins where the loss does, after a start without adversary."""
    series = []
    for arm, (name, records) in enumerate(arms):
        x_values, y_values = points(records, "train", "step", loss)
        series.append(Series(arm=arm, style="loss", label=name, x=x_values, y=y_values))
    if not any(one.x for one in series):
        return None
    late = min(one.x[0] for one in series if one.x) > LATE_START * max(one.x[-1] for one in series if one.x)
    return chart(title, "generator updates", "nats", series, guides, from_zero=not late)


def _with_minutes(records: Sequence[Record]) -> list[Record]:
    """Add "minutes" to every record, and use the bits of the EMA weights as "bits" where there are any."""
    steps, seconds = points(records, "train", "step", "seconds")
    completed = []
    for record in records:
        bits = record.get("bits_average", record.get("bits"))
        minutes = float(np.interp(record["step"], steps, seconds)) / 60 if steps else None
        completed.append(record | {"bits": bits, "minutes": minutes})
    return completed
