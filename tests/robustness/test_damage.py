"""Damaged files are refused in a line that names them, or do no harm: no silent change, no crash."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def damaged(tmp_path: Path, *words: str) -> dict[str, Any]:
    """Return the table of the script that damages, which works in processes of its own."""
    script, table = Path(__file__).with_name("damage.py"), tmp_path / "table.json"
    subprocess.run(
        [sys.executable, str(script), "--out", str(table), *words], capture_output=True, check=False
    )
    found: dict[str, Any] = json.loads(table.read_text())
    return found


def test_a_little_damage_to_a_corpus_and_a_run(tmp_path: Path) -> None:
    found = damaged(tmp_path, "--count", "16", "--targets", "corpus", "run")
    assert found["faults"] == []
    assert found["cases"] == 16
    assert found["verdicts"]["refused"] >= 3, "hardly anything was damaged that matters"


@pytest.mark.slow
def test_much_damage_to_everything(tmp_path: Path) -> None:
    found = damaged(tmp_path, "--count", "500")
    assert found["faults"] == []
    assert found["cases"] == 500
    assert set(found["targets"]) == {"corpus", "run", "interrupted", "arena", "demo"}
    assert all(counts.get("refused", 0) for counts in found["targets"].values())
