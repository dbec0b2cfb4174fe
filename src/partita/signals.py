"""Handle Ctrl-C and SIGTERM during long work: finish the current step, then stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """A signal stopped work that can be continued; the message says how."""


class StopRequest:
    """A request to stop, made by a signal."""

    def __init__(self) -> None:
        self.signal_name: str | None = None
        """Name of the signal that arrived, or None."""


@contextmanager
def deferred_signals() -> Iterator[StopRequest]:
    """Record SIGINT and SIGTERM while the block runs; a second one of a kind has its usual effect.

    Only the main thread can handle signals. In another thread the block runs without this.

    >>> with deferred_signals() as request: signal.raise_signal(signal.SIGTERM)
    >>> request.signal_name
    'SIGTERM'
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def record(number: int, frame: FrameType | None) -> None:
        request.signal_name = signal.Signals(number).name
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, record)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM while the block runs, as Ctrl-C does.

    Only the main thread can handle signals. In another thread, or if SIGTERM has a handler already, the block
    runs without this.

    >>> try:
    ...     with stopping_on_sigterm(): signal.raise_signal(signal.SIGTERM)
    ... except KeyboardInterrupt: print("stopped")
    stopped
    """
    unset = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if threading.current_thread() is not threading.main_thread() or not unset:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
