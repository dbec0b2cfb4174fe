"""Damaged audio files are used or refused, without a crash, a hang, another exception or much memory."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("audio_mutations.py")
BATCH = 50
SECONDS = 20.0  # limit for one file; usually it takes 0.01 s


def outcomes(folder: Path, first: int, stop: int) -> tuple[Counter[str], list[str]]:
    """Return how many files were used and refused, and a line for each fault."""
    counts: Counter[str] = Counter()
    faults = []
    for begin in range(first, stop, BATCH):
        end = min(begin + BATCH, stop)
        command = [sys.executable, "-W", "error", str(SCRIPT), str(folder), str(begin), str(end)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=120 + SECONDS * BATCH / 10
            )
            out, err, code = done.stdout, done.stderr, str(done.returncode)
        except subprocess.TimeoutExpired as error:
            out, err, code = (error.stdout or b"").decode(), "", "none: it hangs"
        lines = [json.loads(line) for line in out.splitlines()]
        ended = [line for line in lines if "result" in line]
        if len(ended) < end - begin:
            faults.append(f"file {lines[-1] if lines else begin}: exit status {code}; {err[-300:]}")
        if "Traceback" in err:
            faults.append(f"files {begin} to {end}: {err[-300:]}")
        for line in ended:
            counts[line["result"]] += 1
            if line["result"] not in ("used", "refused") or line["seconds"] > SECONDS:
                faults.append(str(line))
    return counts, faults


def test_a_hundred_damaged_files_are_used_or_refused(tmp_path: Path) -> None:
    counts, faults = outcomes(tmp_path, 0, 100)
    assert not faults
    assert counts["used"] > 20 and counts["refused"] > 10


@pytest.mark.slow
def test_two_thousand_damaged_files_are_used_or_refused(tmp_path: Path) -> None:
    counts, faults = outcomes(tmp_path, 0, 2000)
    assert not faults
    assert counts.total() == 2000
