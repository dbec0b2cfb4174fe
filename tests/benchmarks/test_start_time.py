"""The start time: what the first draw loads, and errors of the measuring process."""

import subprocess
import sys

import pytest

from partita.benchmarks.start_time import start_times
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.stream import draw

FIRST_DRAW = """
import sys
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.cpu.kernel import prepare_numba
from partita.sampling.stream import draw
prepare_numba()
before = set(sys.modules)
draw(WaveNet(SIZES["tiny"]), steps=1, zero_class=128)
print(sorted(name for name in set(sys.modules) - before if name.startswith(("numba", "scipy", "llvmlite"))))
"""


def test_the_first_draw_loads_no_part_of_the_compiler() -> None:
    draw(WaveNet(SIZES["tiny"]), steps=1, zero_class=128)  # writes its machine code to disk
    done = subprocess.run([sys.executable, "-c", FIRST_DRAW], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_failed_process_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PartitaError, match="status 1"):
        start_times("tiny", 8, runs=1)
