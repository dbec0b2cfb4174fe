"""The columns of notes and labels, frame by frame, for clips of any length.

This file does not read files.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.checks import did_you_mean
from partita.data.notes import Note, note_columns
from partita.errors import PartitaError
from partita.seeds import numpy_stream

MARGIN_S = 3.0
"""Notes this long before and after the requested frames are looked at; longer than any column looks."""


class GivenColumns:
    """Notes and labels of the frames that clips follow; frame i is centred at i * hop_length samples.

    Args:
        layout: the columns of the frames; those of the features are left out.
        sample_rate: Hz.
        notes: a score that begins with the first drawn sample.
        labels: (clips or 1, labels of the layout), as `label_rows` makes them.

    >>> layout = FrameLayout(hop_length=160, labels=("digit=1", "digit=2"))
    >>> rows = label_rows(layout.labels, {"digit": "2"}, clips=1, seed=0)
    >>> GivenColumns(layout, sample_rate=16000, labels=rows).frames(-1, 2).tolist()
    [[[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]]
    """

    def __init__(
        self,
        layout: FrameLayout,
        *,
        sample_rate: int,
        notes: Sequence[Note] = (),
        labels: NDArray[np.float32] | None = None,
    ) -> None:
        self._layout, self._frame_s = layout, layout.hop_length / sample_rate
        self._notes = sorted(notes)
        self._starts = np.array([note.start_s for note in self._notes])
        self._ends = np.array([note.end_s for note in self._notes])
        self._labels = np.zeros((1, len(layout.labels)), np.float32) if labels is None else labels

    def frames(self, first: int, stop: int) -> NDArray[np.float32]:
        """Return the columns of the frames from number `first` to `stop` - 1.

        Returns:
            (clips or 1, stop - first, columns of notes and labels) float32.
        """
        columns = np.repeat(self._labels[:, None], stop - first, 1)
        if not self._layout.notes:
            return columns
        times = (
            np.arange(first, max(stop, first + 2), dtype=np.float64) * self._frame_s
        )  # two times have a distance
        near = (self._starts < times[-1] + MARGIN_S) & (self._ends > times[0] - MARGIN_S)
        notes = note_columns([self._notes[n] for n in np.flatnonzero(near)], times)[: stop - first]
        return np.concatenate([np.repeat(notes[None], len(columns), 0), columns], 2)


def label_rows(
    labels: Sequence[str], given: Mapping[str, str], *, clips: int, seed: int
) -> NDArray[np.float32]:
    """Return the columns of the labels of each clip: 1 where a label holds, else 0.

    A label whose name is not given is drawn for each clip, all values with the same probability.

    Args:
        labels: the labels that the model knows, for example "digit=1" and "digit=2".
        given: name -> value; names that the model does not know are ignored (see `check_labels`).
        clips: the number of clips.
        seed: the seed of the draws; a clip's labels do not depend on the number of clips.

    Returns:
        (clips, labels), or (1, labels) if all clips have the same.

    >>> label_rows(["digit=1", "digit=2"], {"digit": "2"}, clips=3, seed=0).tolist()
    [[0.0, 1.0]]
    """
    known = _values(labels)
    rows = np.zeros((clips if known.keys() - given.keys() else 1, len(labels)), np.float32)
    for name, values in known.items():
        for clip, row in enumerate(rows):
            drawn = numpy_stream(seed, f"label {name} of clip {clip}").integers(len(values))
            row[labels.index(f"{name}={given.get(name, values[drawn])}")] = 1.0
    return rows


def check_labels(labels: Sequence[str], given: Mapping[str, str]) -> None:
    """Raise an error if a model does not know a label.

    Args:
        labels: the labels that the model knows.
        given: name -> value.

    Raises:
        PartitaError: a name or a value is not known.

    >>> check_labels(["digit=1", "digit=2"], {"digit": "7"})
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: the label digit is '7', which the model does not know: choose one of 1, 2
    """
    known = _values(labels)
    for name, value in given.items():
        if not known:
            raise PartitaError(
                f"the label {name}={value} is given, but the model has no labels: leave it out, or train on a"
                " corpus that was prepared with `--labels`"
            )
        if name not in known:
            raise PartitaError(
                f"the label {name}={value} has a name that the model does not know: choose one of"
                f" {', '.join(known)}{did_you_mean(name, known)}"
            )
        if value not in known[name]:
            raise PartitaError(
                f"the label {name} is {value!r}, which the model does not know: choose one of"
                f" {', '.join(known[name])}"
            )


def _values(labels: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each name."""
    values: dict[str, list[str]] = {}
    for label in labels:
        name, _, value = label.partition("=")
        values.setdefault(name, []).append(value)
    return values
