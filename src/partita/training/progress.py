"""What a person sees while a run trains: a bar on a terminal, a line now and then elsewhere, on standard
error.

It is told everything and decides nothing.
"""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

LINE_SECONDS = 30.0


class Display:
    """Shows how a run goes, as a context manager.

    Args:
        name: the run's name.
        quiet: show nothing at all.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self.name = name
        self._bar: Progress | None = None
        if sys.stderr.isatty() and not quiet:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._task = self._bar.add_task(name, total=1.0, words="")
        self._line_at = 0.0

    def __enter__(self) -> "Display":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(
        self, *, step: int, steps: int | None, progress: float, left: float | None, numbers: dict[str, float]
    ) -> None:
        """Show where the run is.

        Args:
            step: updates made.
            steps: of the whole run, if known.
            progress: 0 to 1.
            left: seconds to the end, if known.
            numbers: `bits` and `samples_per_second`; a discriminator's loss is shown when there is one.
        """
        words = [
            f"step {step}" + (f" of {steps}" if steps else ""),
            f"{numbers['bits']:.3f} bits",
            f"{numbers['samples_per_second']:,.0f} samples/s",
        ]
        if "discriminator_loss" in numbers:
            words.append(f"D {numbers['discriminator_loss']:.3f}")
        if left is not None:
            words.append(f"{_clock(left)} left")
        if self._bar is not None:
            self._bar.update(self._task, completed=progress, words=", ".join(words))
        elif time.monotonic() - self._line_at >= LINE_SECONDS:
            self._line_at = time.monotonic()
            self.say(", ".join(words))

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self.console.print(f"{self.name}: {text}", markup=False)


def _clock(seconds: float) -> str:
    """Return seconds as m:ss or h:mm:ss.

    >>> _clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
