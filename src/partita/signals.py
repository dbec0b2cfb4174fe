"""Ctrl-C and SIGTERM in the middle of work: finish what is in hand, then stop. Knows nothing of the work."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """Work was stopped by a signal and can go on another time; the message says how."""


class Request:
    """Whether a signal has asked to stop.

    Args:
        signal_name: the signal's name, or None.
    """

    def __init__(self) -> None:
        self.signal_name: str | None = None


@contextmanager
def deferred_signals() -> Iterator[Request]:
    """Note SIGINT and SIGTERM instead of dying of them; a second one acts at once, as it would outside.

    Only the main thread can do this; in another one nothing is changed.

    >>> with deferred_signals() as request: signal.raise_signal(signal.SIGTERM)
    >>> request.signal_name
    'SIGTERM'
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        request.signal_name = signal.Signals(number).name
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, so that work ends as it does on Ctrl-C.

    Only the main thread can do this; in another one, or where a handler is set already, nothing is changed.

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
