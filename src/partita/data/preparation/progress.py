"""Progress over all recordings, reported from many threads. Knows nothing of audio: work has a size."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from partita.terminal import printable


class Progress:
    """Adds up what several threads have done, and tells one function of (done, total, name).

    >>> seen = []
    >>> with Progress(lambda done, total, name: seen.append((done, total, name))) as progress:
    ...     progress.expect(10)
    ...     progress.add(4, "a.wav")
    >>> seen
    [(4.0, 10, 'a.wav')]
    """

    def __init__(self, tell: Callable[[float, float, str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._done = self._total = 0.0

    def expect(self, total: float) -> None:
        """Say how much there is to do."""
        self._total = total

    def add(self, amount: float, name: str) -> None:
        """Say that this much more is done."""
        with self._lock:
            self._done += amount
            self._tell(self._done, self._total, name)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


class _Bar(Progress):
    def __init__(self) -> None:
        super().__init__(self._move)
        console = Console(stderr=True)
        self._bar = RichProgress(
            TextColumn("preparing"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def _move(self, done: float, total: float, name: str) -> None:
        self._bar.update(self._task, completed=done, total=total, description=printable(name))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def bar() -> Progress:
    """Return a bar on standard error."""
    return _Bar()


def silent() -> Progress:
    """Return progress that nobody sees."""
    return Progress(lambda done, total, name: None)
