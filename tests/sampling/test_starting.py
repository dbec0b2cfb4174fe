"""The wait for the first block is measured in processes of its own."""

import sys

import pytest

from partita.errors import PartitaError
from partita.sampling.starting import start_times


def test_each_process_is_fresh() -> None:
    (found,) = start_times("tiny", 8, runs=1)
    assert set(found) == {"imports_seconds", "setup_seconds", "start_seconds"}
    assert 0.0 < found["start_seconds"] < found["imports_seconds"] + found["setup_seconds"]


def test_a_process_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PartitaError, match="`size` is 'big'"):
        start_times("big", 8, runs=1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PartitaError, match="status 1"):
        start_times("tiny", 8, runs=1)
