"""What the page keeps beside each run, so that a server that was restarted can continue it.

runs/cello.json      the arguments of `partita train`, and what a visitor chose
runs/cello.log       the output of the process
runs/cello/          the run
"""

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from partita import storage


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is kept of a run.

    Args:
        arguments: of `partita`, which train it from the start.
        recordings: the set of recordings.
        minutes: that it trains.
        size: of the network.
        start: the model that it started from; "" for none.
        created: seconds since 1970.
        process: the number of the process that trains it, or did.
        pause_asked: whether a visitor has asked this process to stop.
    """

    arguments: tuple[str, ...]
    recordings: str = ""
    minutes: float = 0.0
    size: str = ""
    start: str = ""
    created: float = field(default_factory=time.time)
    process: int = 0
    pause_asked: bool = False

    def write(self, path: Path) -> None:
        """Write the record.

        Args:
            path: the file.
        """
        storage.write_json(path, asdict(self))

    def changed(self, **values: Any) -> "RunRecord":
        """Return the record with other values.

        Args:
            **values: fields.

        >>> RunRecord(arguments=()).changed(process=7).process
        7
        """
        return replace(self, **values)


def read_record(path: Path) -> RunRecord | None:
    """Return the record in a file, or None if there is none, or it is damaged.

    Args:
        path: the file.

    >>> read_record(Path("nowhere")) is None
    True
    """
    with contextlib.suppress(OSError, ValueError, TypeError):
        values = json.loads(path.read_text(encoding="utf-8"))
        record = RunRecord(**values | {"arguments": tuple(map(str, values["arguments"]))})
        if isinstance(record.minutes, int | float) and isinstance(record.process, int):
            return record
    return None
