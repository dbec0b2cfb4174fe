"""What a person sees while a run trains: a bar on a terminal, a line now and then elsewhere, on standard
error.

It is told everything and decides nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from partita.terminal import printable

LINE_SECONDS = 30.0


class ProgressDisplay:
    """Shows how a run goes, as a context manager.

    Args:
        name: the run's name.
        quiet: show nothing at all.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self.name = printable(name)
        self._words = ""
        self._bar: Progress | None = None
        if self.console.is_terminal and not quiet:
            named = TextColumn("{task.description}", markup=False)
            columns = (named, BarColumn(), TextColumn("{task.fields[words]}", markup=False))
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._task = self._bar.add_task(self.name, total=1.0, words="")
        self._line_at = 0.0

    def __enter__(self) -> "ProgressDisplay":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(
        self,
        *,
        step: int,
        steps: int | None,
        seconds: float,
        progress: float,
        left: float | None,
        numbers: dict[str, float],
    ) -> None:
        """Show where the run is.

        Args:
            step: updates made.
            steps: of the whole run; None where they are only estimated, from a budget of time. The time
                that has passed is shown instead.
            seconds: that the run has taken.
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
        if steps is None:
            words.append(f"{_clock(seconds)} gone")
        if left is not None:
            words.append(f"{_clock(left)} left")
        self._words = ", ".join(words)
        if self._bar is not None:
            self._bar.update(self._task, completed=progress)
        self._tell(self._words)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show what is being done in place of training while the block runs, for example "scoring"."""
        self._tell(f"{what} ...")
        yield
        if self._bar is not None:
            self._bar.update(self._task, words=self._words)

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self.console.print(f"{self.name}: {printable(text)}", markup=False)

    def _tell(self, words: str) -> None:
        """Show words until others take their place: at the bar, else on a line now and then."""
        if self._bar is not None:
            self._bar.update(self._task, words=words)
        elif time.monotonic() - self._line_at >= LINE_SECONDS:
            self._line_at = time.monotonic()
            self.say(words)


def _clock(seconds: float) -> str:
    """Return seconds as m:ss or h:mm:ss.

    >>> _clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
