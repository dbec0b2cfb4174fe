"""A fixture that runs the scripts of this folder as separate processes with a time limit."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunScript = Callable[..., dict[str, Any]]


@pytest.fixture
def run_script(tmp_path: Path) -> RunScript:
    """Return a function that runs a script of this folder and returns the table that it writes."""

    def run(script: str, *arguments: str, minutes: float) -> dict[str, Any]:
        command = [
            sys.executable,
            str(Path(__file__).with_name(script)),
            "--out",
            str(tmp_path / "table.json"),
        ]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=60 * minutes
        )
        assert (tmp_path / "table.json").exists(), done.stderr[-2000:]
        found: dict[str, Any] = json.loads((tmp_path / "table.json").read_text())
        return found

    return run
