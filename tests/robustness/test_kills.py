"""Commands that are killed at any moment lose nothing, and the next start leaves nothing behind."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

Attack = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")


def test_a_few_kills_of_prepare(attack: Attack) -> None:
    found = attack("kills.py", "--count", "2", "--victims", "prepare", "prepare again", minutes=5)
    assert found["faults"] == []
    assert found["kills"] >= 1


@pytest.mark.slow
def test_many_kills_of_everything(attack: Attack) -> None:
    found = attack("kills.py", "--count", "100", minutes=120)
    assert found["faults"] == []
    assert found["kills"] >= 90
    assert len(found["victims"]) == 10
