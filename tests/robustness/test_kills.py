"""Commands that are killed at any moment lose nothing, and the next start removes temporary files."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

RunScript = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")


def test_a_few_kills_of_prepare(run_script: RunScript) -> None:
    found = run_script("kills.py", "--count", "2", "--commands", "prepare", "prepare again", minutes=5)
    assert found["faults"] == []
    assert found["kills"] >= 1


@pytest.mark.slow
def test_many_kills_of_everything(run_script: RunScript) -> None:
    found = run_script("kills.py", "--count", "100", minutes=120)
    assert found["faults"] == []
    assert found["kills"] >= 90
    assert len(found["commands"]) == 10
