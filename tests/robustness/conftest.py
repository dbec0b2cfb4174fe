"""How the tests run the scripts that attack Partita: as processes of their own, with a limit of time."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Attack = Callable[..., dict[str, Any]]


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    """Return a function that runs a script of this folder and returns the table that it wrote."""

    def run(script: str, *words: str, minutes: float) -> dict[str, Any]:
        command = [
            sys.executable,
            str(Path(__file__).with_name(script)),
            "--out",
            str(tmp_path / "table.json"),
        ]
        done = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=60 * minutes
        )
        assert (tmp_path / "table.json").exists(), done.stderr[-2000:]
        found: dict[str, Any] = json.loads((tmp_path / "table.json").read_text())
        return found

    return run
