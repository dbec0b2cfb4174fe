"""The rates of the machine: plausible, and measured without changing the number of threads."""

import torch

from partita.benchmarks.machine import matrix_rate, reread_bandwidth
from partita.device import thread_limit


def test_rates_are_plausible() -> None:
    assert 1e8 < matrix_rate(torch.float32, 1, sides=(256,), repeats=2) < 1e14
    assert 1e7 < reread_bandwidth(1 << 20, seconds=0.02) < 1e13


def test_the_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    matrix_rate(torch.float32, before + 1, sides=(16,), repeats=1)
    assert torch.get_num_threads() == before
    try:
        with thread_limit(before + 1):
            raise RuntimeError
    except RuntimeError:
        assert torch.get_num_threads() == before
