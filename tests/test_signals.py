"""SIGINT and SIGTERM are recorded and do not interrupt the block."""

import signal
import threading

import pytest

from partita.signals import deferred_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_recorded_and_the_handlers_are_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with deferred_signals() as request:
        names = [request.signal_name]
        signal.raise_signal(number)
        names.append(request.signal_name)
    assert names == [None, number.name]
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_interrupts_the_block() -> None:
    with deferred_signals() as request:
        signal.raise_signal(signal.SIGINT)
        assert request.signal_name == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_other_threads_are_not_changed() -> None:
    seen = []

    def work() -> None:
        with deferred_signals() as request:
            seen.append(request.signal_name)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]
