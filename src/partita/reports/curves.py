"""Learning curves out of a run's metrics. Reads records; knows neither files nor how charts are drawn."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np

from partita.reports.charts import Chart, Guide, Series, chart

Record = dict[str, Any]
CHANCE_LOSS = 2 * log(2)
"""The loss of a discriminator that says one half to everything, in nats: -log(1/2) twice."""


def points(records: Sequence[Record], kind: str, x: str, y: str) -> tuple[list[float], list[float]]:
    """Return the (x, y) of the records of a kind that have both.

    >>> records = [{"kind": "train", "step": 1, "bits": 7.5}, {"kind": "validation", "step": 1}]
    >>> points(records, "train", "step", "bits")
    ([1.0], [7.5])
    """
    found = [r for r in records if r.get("kind") == kind and r.get(x) is not None and r.get(y) is not None]
    return [float(r[x]) for r in found], [float(r[y]) for r in found]


def learning_charts(arms: Sequence[tuple[str, Sequence[Record]]]) -> list[Chart]:
    """Return bits over time and over steps, and the adversary's and the generator's loss where there is an
    adversary.

    Args:
        arms: each arm's name and its records.
    """
    timed = [(name, _ready(records)) for name, records in arms]
    charts = [
        chart("Bits per sample over time", "minutes of training", "bits", _bits(timed, "minutes")),
        chart("Bits per sample over steps", "generator updates", "bits", _bits(timed, "step")),
        _loss(
            timed, "discriminator_loss", "Discriminator", [Guide(value=CHANCE_LOSS, label="blind: 2 ln 2")]
        ),
        _loss(timed, "adversarial_loss", "Generator, adversarial part", []),
    ]
    return [one for one in charts if one is not None]


def _bits(arms: Sequence[tuple[str, Sequence[Record]]], x: str) -> list[Series]:
    series = []
    for style, label in (("train", "training"), ("validation", "validation")):
        for arm, (name, records) in enumerate(arms):
            places, heights = points(records, style, x, "bits")
            series.append(Series(arm=arm, style=style, label=f"{name}, {label},", x=places, y=heights))
    return series


def _loss(
    arms: Sequence[tuple[str, Sequence[Record]]], loss: str, title: str, guides: list[Guide]
) -> Chart | None:
    series = []
    for arm, (name, records) in enumerate(arms):
        places, heights = points(records, "train", "step", loss)
        series.append(Series(arm=arm, style="loss", label=name, x=places, y=heights))
    return chart(title, "generator updates", "loss, nats", series, guides)


def _ready(records: Sequence[Record]) -> list[Record]:
    """Give every record its minutes, and the averaged weights' bits where they were scored."""
    steps, seconds = points(records, "train", "step", "seconds")
    ready = []
    for record in records:
        bits = record.get("bits_average", record.get("bits"))
        minutes = float(np.interp(record["step"], steps, seconds)) / 60 if steps else None
        ready.append(record | {"bits": bits, "minutes": minutes})
    return ready
