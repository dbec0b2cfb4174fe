"""Show the progress of a training run: a bar on a terminal, a line every 30 seconds elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console

from partita.progress import ProgressBar, format_duration
from partita.terminal import printable
from partita.training.config.train import TrainConfig

LINE_SECONDS = 30.0


class ProgressDisplay:
    """The progress of one run on standard error, used as a context manager.

    Args:
        name: the run's name, shown before everything else.
        quiet: show nothing.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._name = printable(name)
        self._bar = ProgressBar(
            name, total=1.0, percentage=False, details=True, transient=True, console=self._console
        )
        self._words = ""
        self._line_at = 0.0

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

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
        """Show how far the run is, and its newest numbers.

        Args:
            step: updates made so far.
            steps: updates of the whole run; None if the number is only estimated from a budget of time. Then
                the time since the start is shown instead.
            seconds: the time since the start.
            progress: the share of the run that is done, from 0 to 1.
            left: seconds to the end, or None if unknown.
            numbers: `samples_per_second` and, as far as the run has them, `bits`, `kl_bits` and
                `discriminator_loss`.
        """
        shown = {"bits": "bits", "kl_bits": "bits from the teacher"}
        losses = [f"{numbers[name]:.3f} {words}" for name, words in shown.items() if name in numbers]
        words = [
            f"step {step}" + (f" of {steps}" if steps else ""),
            *losses,
            f"{numbers['samples_per_second']:,.0f} samples/s",
        ]
        if "discriminator_loss" in numbers:
            words.append(f"D {numbers['discriminator_loss']:.3f}")
        if steps is None:
            words.append(f"{format_duration(seconds)} elapsed")
        if left is not None:
            words.append(f"{format_duration(left)} left")
        self._words = ", ".join(words)
        if self._bar.on_terminal:
            self._bar.update(progress)
        self._show_words(self._words)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show another activity than training while the block runs, for example "scoring"."""
        self._show_words(f"{what} ...")
        yield
        if self._bar.on_terminal:
            self._bar.update(details=self._words)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(f"{self._name}: {printable(text)}", markup=False)

    def _show_words(self, words: str) -> None:
        """Show words after the bar, or print them if the last line is more than 30 seconds old."""
        if self._bar.on_terminal:
            self._bar.update(details=words)
        elif time.monotonic() - self._line_at >= LINE_SECONDS:
            self._line_at = time.monotonic()
            self.say(words)


def final_sentence(scores: dict[str, float], config: TrainConfig, *, share: float, step: int) -> str:
    """Return the final scores in words.

    Args:
        scores: `bits` per sample, or the scores of a model without a likelihood.
        config: the run's config.
        share: of the held-out sound that was scored.
        step: the update whose weights were scored.

    >>> final_sentence({"bits": 3.5}, TrainConfig(), share=1.0, step=9)
    '3.500 bits per sample of 256 mu-law classes on held-out sound, at step 9'
    """
    if "bits" in scores:
        found = f"{scores['bits']:.3f} bits per sample of {config.quantizer.words}"
    else:
        found = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())
    on = "held-out sound" if share == 1.0 else f"1/{round(1.0 / share)} of the held-out sound"
    given = " given the real frames" if config.network_shape.condition is not None else ""
    return f"{found}{given} on {on}, at step {step}"
