"""A progress bar on standard error, for commands whose rooms report how far they are."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from partita.terminal import printable


class Bar:
    """A bar that says what is being done and how much of it is done.

    On a terminal it is there at once, and moves to and fro until there is news; elsewhere it is a line at the
    end, if there was any news.

    Args:
        label: what is being done.
        total: where the bar ends, in any unit; None where nobody knows.

    >>> with Bar("counting", 3) as bar: bar.reach(2)
    """

    def __init__(self, label: str, total: float | None) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._total = total
        self._task = self._bar.add_task(printable(label), total=None)

    def reach(self, done: float, label: str | None = None) -> None:
        """Say how much is done, and of what if that has changed; with 0 the bar moves to and fro."""
        self._bar.start()
        if label is not None:
            self._bar.update(self._task, description=printable(label))
        if done > 0 and self._total is not None:
            self._bar.update(self._task, completed=done, total=self._total)
        else:
            self._bar.tasks[0].total = None

    def __enter__(self) -> Self:
        """Appear, on a terminal."""
        if self._bar.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        if self._bar.live.is_started:
            self._bar.stop()
