"""Which labels of a corpus's recordings a model can learn: those that several recordings share.

This module reads no names of files; `preparation/labels.py` does.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

Labels = list[dict[str, str]]


def training_labels(recordings: Iterable[dict[str, Any]]) -> Labels:
    """Return the labels of the training recordings that have any.

    Args:
        recordings: the entries of `recordings` in an index.
    """
    return [one["label"] for one in recordings if one["split"] == "train" and one["label"]]


def numbering_names(labels: Labels) -> tuple[str, ...]:
    """Return the names with more values than half of the recordings, sorted; such a name numbers them.

    >>> numbering_names([{"digit": str(take % 2), "take": str(take)} for take in range(6)])
    ('take',)
    """
    count = Counter(name for name, _ in _pairs(labels))
    return tuple(sorted(name for name, values in count.items() if 2 * values > len(labels)))


def label_values(labels: Labels) -> tuple[str, ...]:
    """Return the labels as `name=value`, sorted, without names that number the recordings.

    >>> label_values([{"digit": str(take % 2), "take": str(take)} for take in range(6)])
    ('digit=0', 'digit=1')
    """
    left_out = numbering_names(labels)
    return tuple(sorted(f"{name}={value}" for name, value in _pairs(labels) if name not in left_out))


def _pairs(labels: Labels) -> set[tuple[str, str]]:
    return {(name, value) for label in labels for name, value in label.items()}
