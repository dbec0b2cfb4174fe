"""Show progress on standard error: one bar for every command, and a counter for work done in threads.

This file does not know what is being done: work has a size in any unit.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from partita.terminal import printable


class ProgressBar:
    """A progress bar on standard error, used as a context manager.

    On a terminal the bar appears when the block begins, and pulses until some of the work is done. Elsewhere
    it is printed once, when the block ends; with `transient`, or without any update, it is not printed.

    Args:
        label: the text before the bar.
        total: the size of the work, in any unit; None if it is unknown.
        percentage: show the percentage and the estimated time left after the bar.
        details: show the text given by `update(details=...)` after the bar.
        transient: remove the bar at the end.
        console: the console to draw on; standard error by default.

    >>> with ProgressBar("counting", 3) as bar:
    ...     bar.update(2)
    """

    def __init__(
        self,
        label: str,
        total: float | None = None,
        *,
        percentage: bool = True,
        details: bool = False,
        transient: bool = False,
        console: Console | None = None,
    ) -> None:
        console = console or Console(stderr=True)
        columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False), BarColumn()]
        if percentage:
            columns += [TaskProgressColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn()]
        if details:
            columns.append(TextColumn("{task.fields[details]}", markup=False))
        self.on_terminal = console.is_terminal and not console.quiet
        hidden = transient and not self.on_terminal
        self._bar = Progress(*columns, console=console, transient=transient, disable=hidden)
        self._total = total
        self._task = self._bar.add_task(printable(label), total=None, details="")

    def update(
        self,
        done: float | None = None,
        label: str | None = None,
        *,
        total: float | None = None,
        details: str | None = None,
    ) -> None:
        """Change what the bar shows; what is left out stays as it is.

        Args:
            done: the amount of work done so far; with 0 the bar pulses.
            label: the text before the bar.
            total: the size of the work.
            details: the text after the bar.
        """
        if not self.on_terminal:
            self._bar.start()
        self._total = self._total if total is None else total
        if label is not None:
            self._bar.update(self._task, description=printable(label))
        if details is not None:
            self._bar.update(self._task, details=printable(details))
        if done is not None and done > 0 and self._total is not None:
            self._bar.update(self._task, completed=done, total=self._total)
        elif done is not None:
            self._bar.tasks[0].total = None

    def __enter__(self) -> Self:
        if self.on_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar.live.is_started:
            self._bar.stop()


class WorkCounter:
    """Add up the work that several threads have done, and report every change.

    Args:
        report: a function of (work done, total work, name of the item), called by one thread at a time.

    >>> seen = []
    >>> counter = WorkCounter(lambda done, total, name: seen.append((done, total, name)))
    >>> counter.expect(10)
    >>> counter.add(4, "a.wav")
    >>> seen
    [(4.0, 10, 'a.wav')]
    """

    def __init__(self, report: Callable[[float, float, str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._done = self._total = 0.0

    def expect(self, total: float) -> None:
        """Set the total amount of work."""
        self._total = total

    def add(self, amount: float, name: str) -> None:
        """Add an amount of work that is done, and report the new sum.

        Args:
            amount: in the unit of the total.
            name: the item that was worked on.
        """
        with self._lock:
            self._done += amount
            self._report(self._done, self._total, name)


def format_duration(seconds: float) -> str:
    """Return a duration as m:ss or h:mm:ss.

    >>> format_duration(83.4), format_duration(3725.2)
    ('1:23', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
