"""A kill at any file operation leaves a complete corpus, and the next run removes the leftovers."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_files import own_files

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError

OLD = PrepareConfig(sample_rate=8000)
KILLED = """
import os, signal, sys
from partita.data.preparation.prepare import PrepareConfig, prepare

left, recordings, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]

def strike(event, given):
    global left
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree"):
        left -= any(isinstance(one, str | os.PathLike) and out in os.fspath(one) for one in given)
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(strike)
prepare([recordings], out, PrepareConfig(sample_rate=8000, peak_dbfs=-3, workers=1))
"""
OPERATIONS = 60  # more than one run makes


@pytest.mark.slow
@pytest.mark.parametrize("begun", ["anew", "over an old corpus"])
def test_a_kill_at_any_file_operation_leaves_a_complete_corpus(tmp_path: Path, begun: str) -> None:
    (tmp_path / "recordings").mkdir()
    for number in range(4):
        sound = 0.3 * np.random.default_rng(number).standard_normal(8000)
        soundfile.write(tmp_path / "recordings" / f"{number}.wav", sound, 8000)
    out = tmp_path / "corpus"
    for operation in range(OPERATIONS):
        shutil.rmtree(out, ignore_errors=True)
        if begun != "anew":
            prepare([tmp_path / "recordings"], out, OLD)
        words = [sys.executable, "-c", KILLED, str(operation), str(tmp_path / "recordings"), str(out)]
        ended = subprocess.run(words, capture_output=True, check=False)
        assert ended.returncode in (0, -9)
        try:
            Corpus.open(out).verify()
        except PartitaError:
            assert begun == "anew"
            assert ended.returncode
        again = prepare([tmp_path / "recordings"], out, OLD)
        again.verify()
        assert {path.name for path in out.iterdir()} == own_files(again)
        if not ended.returncode:
            return
    raise AssertionError("it was never left to end")
