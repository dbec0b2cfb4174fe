"""If there is not enough memory, one line says what to reduce."""

import numpy as np
import pytest
import torch

from partita.cli import main as frame
from partita.cli.failures import MEMORY_REMEDIES, SYSTEM_REMEDIES
from partita.cli.main import SUMMARIES, main
from partita.storage import DISK_FULL_ERRORS


def numpys():
    with pytest.raises(MemoryError) as caught:
        np.zeros(1 << 58, dtype=np.int64)
    return caught.value


def pytorchs():
    with pytest.raises(RuntimeError, match="allocate") as caught:
        torch.empty(1 << 60)
    return caught.value


def wrapped():
    error = ValueError("a window does not fit")
    error.__cause__ = MemoryError()
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        numpys(),
        pytorchs(),
        wrapped(),
        ValueError("array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("std::bad_alloc"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("name", SUMMARIES)
def test_not_enough_memory(monkeypatch, capsys, error, name):
    class Failing:
        def read(self, _words):
            return self

        def run(self):
            raise error

    monkeypatch.setattr(frame, "import_module", lambda _name: Failing())
    assert main([name]) == 2
    where = "the GPU has not enough memory" if "CUDA" in str(error) else "not enough memory"
    assert capsys.readouterr().err == f"partita {name}: {where}: {MEMORY_REMEDIES[name]}\n"


def test_all_that_says_that_a_disk_is_full_has_one_remedy():
    assert {SYSTEM_REMEDIES[number] for number in DISK_FULL_ERRORS} == {
        "make room on the disk, or write elsewhere"
    }
