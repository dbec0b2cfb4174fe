"""The curves of a run, read from its metrics while it is trained: each record once. Nothing is drawn here."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partita.runs import metrics

MOST_POINTS = 240
"""Points of a curve that are sent; longer ones are averaged."""
PACE_RECORDS = 30
"""Records over which the speed is measured."""

Point = tuple[float, float]


@dataclass
class Curves:
    """What the metrics of a run say.

    Args:
        step: updates.
        train: (updates, bits per sample) of training windows.
        validation: the same of held-out sound.
        final: the record of the end, or nothing.
        troubles: warnings that training has recorded.
        times: updates, and seconds of training after them, all sessions together; the newest records alone.
    """

    step: int = 0
    train: list[Point] = field(default_factory=list)
    validation: list[Point] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    times: deque[Point] = field(default_factory=lambda: deque(maxlen=PACE_RECORDS))

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return self.times[-1][1] if self.times else 0.0

    @property
    def updates_per_second(self) -> float:
        """Updates in a second, everything counted; 0 if it is not known yet."""
        if len(self.times) < 2:
            return 0.0
        (first, begun), (last, ended) = self.times[0], self.times[-1]
        return (last - first) / (ended - begun) if ended > begun else 0.0

    def add(self, record: dict[str, Any]) -> None:
        """Take a record into account.

        Args:
            record: of the metrics.
        """
        step, kind = int(record["step"]), record["kind"]
        self.step = max(self.step, step)
        bits = record.get("bits_average", record.get("bits"))
        if kind == "train":
            self.times.append((step, float(record.get("seconds", self.seconds))))
        if kind in ("train", "validation") and bits is not None:
            (self.train if kind == "train" else self.validation).append((step, float(bits)))
        elif kind == "final":
            self.final = record
        elif kind == "trouble":
            self.troubles.append(str(record.get("words", "")))

    def sent(self) -> dict[str, list[Point]]:
        """Return both curves with few points."""
        return {"train": thinned(self.train), "validation": thinned(self.validation)}


class CurveReader:
    """Reads the metrics of a run again and again, each record once.

    Args:
        path: the metrics file, which may be absent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at, self._file = 0, (0, 0)
        self._curves = Curves()

    def read(self) -> Curves:
        """Return the curves so far. A file that was replaced or shortened, as resuming does, is read anew."""
        try:
            status = self._path.stat()
            identity = (status.st_dev, status.st_ino)
            if identity != self._file or status.st_size < self._at:
                self._at, self._file, self._curves = 0, identity, Curves()
            records, self._at = metrics.read_from(self._path, self._at)
        except OSError:  # there is none yet, or it was removed
            self._at, self._file, self._curves = 0, (0, 0), Curves()
            return self._curves
        for record in records:
            self._curves.add(record)
        return self._curves


def thinned(points: list[Point], most: int = MOST_POINTS) -> list[Point]:
    """Return points of which neighbours are averaged, so that there are not too many.

    Args:
        points: of a curve.
        most: the largest number.

    >>> thinned([(1, 4.0), (2, 2.0), (3, 1.0)], 2)
    [(1.5, 3.0), (3.0, 1.0)]
    """
    group = -(-len(points) // most)
    if group <= 1:
        return points
    parts = [points[at : at + group] for at in range(0, len(points), group)]
    return [(_mean([x for x, _ in part]), round(_mean([y for _, y in part]), 4)) for part in parts]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
