"""Commands that are killed lose nothing, go on, and leave nothing lying about."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing can be killed so here")


def killed(tmp_path: Path, *words: str) -> dict[str, Any]:
    """Return the table of the script that kills."""
    script, table = Path(__file__).with_name("kills.py"), tmp_path / "table.json"
    subprocess.run(
        [sys.executable, str(script), "--out", str(table), *words], capture_output=True, check=False
    )
    found: dict[str, Any] = json.loads(table.read_text())
    return found


def test_a_few_kills_of_prepare(tmp_path: Path) -> None:
    found = killed(tmp_path, "--count", "4", "--victims", "prepare", "prepare again")
    assert found["faults"] == []
    assert found["kills"] >= 2


@pytest.mark.slow
def test_many_kills_of_everything(tmp_path: Path) -> None:
    found = killed(tmp_path, "--count", "100")
    assert found["faults"] == []
    assert found["kills"] >= 90
    assert len(found["victims"]) == 10
