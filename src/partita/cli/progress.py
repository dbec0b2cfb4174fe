"""A progress bar on standard error, for commands whose rooms report how far they are."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Bar:
    """A bar that says what is being done and how much of it is done; it appears with the first news.

    Args:
        label: what is being done.
        total: where the bar ends, in any unit; None where nobody knows.

    >>> with Bar("counting", 3) as bar: bar.reach(2)
    """

    def __init__(self, label: str, total: float | None) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(label, total=total)

    def reach(self, done: float, label: str | None = None) -> None:
        """Say how much is done, and of what if that has changed."""
        self._bar.start()
        self._bar.update(self._task, completed=done)
        if label is not None:
            self._bar.update(self._task, description=label)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        if self._bar.live.is_started:
            self._bar.stop()
