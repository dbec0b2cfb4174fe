"""Make a corpus of a set of recordings in a process of its own, with limits.

    python -m partita.app.train.sets.prepare_process FOLDER CORPUS

It prints one JSON object a line: `done`, `total` and `name` while it works, and at last `ok` or `error`.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

from partita.app.child.limits import limit_resources
from partita.errors import PartitaError

MEMORY = 8 << 30
CPU_SECONDS = 4 * 3600
EVERY_SECONDS = 0.3


class Reporter:
    """Prints how much is done, a few times a second."""

    def __init__(self) -> None:
        self._printed_at = 0.0

    def __call__(self, done: float, total: float, name: str) -> None:
        """Print how much is done, unless it was printed just now.

        Args:
            done: bytes of recordings.
            total: bytes of all recordings.
            name: the recording that was worked on.
        """
        if time.monotonic() - self._printed_at >= EVERY_SECONDS or done >= total:
            self._printed_at = time.monotonic()
            say({"done": done, "total": total, "name": name})


def say(message: dict[str, object]) -> None:
    """Print a message for the server.

    Args:
        message: JSON values.
    """
    print(json.dumps(message), flush=True)


def main(arguments: list[str]) -> None:
    """Make the corpus.

    Args:
        arguments: the folder of recordings, and the folder of the corpus.
    """
    from partita.data.preparation.prepare import prepare

    folder, corpus = Path(arguments[0]), Path(arguments[1])
    limit_resources(memory=MEMORY, cpu_seconds=CPU_SECONDS)
    corpus.parent.mkdir(parents=True, exist_ok=True)
    try:
        prepare([folder], corpus, progress=Reporter())
        say({"ok": True})
    except PartitaError as error:
        say({"error": str(error).replace(f"{folder}/", "").replace(str(folder), "this set")})
    except MemoryError:
        say({"error": "there is not enough memory: give fewer or shorter recordings"})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        main(sys.argv[1:])
