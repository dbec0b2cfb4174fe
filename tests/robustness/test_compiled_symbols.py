"""The machine code that is kept on disk has no name twice for two things.

Each group of functions is compiled in a process of its own, so that what processes count is the same.
"""

import pickle
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from partita.ops.code_cache import DIGEST_BYTES
from partita.ops.numba_cache import sources_digest

SCRIPT = Path(__file__).with_name("compiled_one.py")
GROUPS = ("float32", "bfloat16", "sound", "sampler")
KEPT = 2 + 2 + 5 + 3  # the walks of both precisions, the string's and the room's loops, the sampler's


def entry_and_symbols(path: Path) -> tuple[str, set[str]]:
    """Return the name of a file's function, and of all functions that its machine code defines."""
    (_, _, (_, bitcode)), description, *_ = pickle.loads(path.read_bytes()[DIGEST_BYTES:])
    module = llvm.parse_bitcode(bitcode)
    return description.mangled_name, {one.name for one in module.functions if not one.is_declaration}


@pytest.mark.slow
def test_no_two_kept_functions_share_a_symbol(tmp_path: Path) -> None:
    for group in GROUPS:
        words = [sys.executable, str(SCRIPT), str(tmp_path), group]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
    found = dict(entry_and_symbols(path) for path in tmp_path.rglob("*.nbc"))
    assert len(found) >= KEPT
    holders = defaultdict(list)
    for entry, symbols in found.items():
        assert entry in symbols and sources_digest() in entry
        for symbol in symbols:
            holders[symbol].append(entry)
    # what several files hold is the same everywhere: Numba's own, or made of these very sources
    for symbol, entries in holders.items():
        if len(entries) > 1:
            assert symbol not in found or "5audio" in symbol, symbol  # the string's loop calls others
            assert symbol.startswith("NRT_") or sources_digest() in symbol, symbol
