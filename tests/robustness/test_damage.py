"""Damaged files: a command names the file in its error or is not affected; it never crashes."""

from collections.abc import Callable
from typing import Any

import pytest

RunScript = Callable[..., dict[str, Any]]


def test_a_little_damage_to_a_corpus_and_a_run(run_script: RunScript) -> None:
    found = run_script("damage.py", "--count", "10", "--targets", "corpus", "run", minutes=5)
    assert found["faults"] == []
    assert found["cases"] == 10
    assert found["verdicts"]["refused"] >= 3, "too few cases damage a file that matters"


@pytest.mark.slow
def test_much_damage_to_everything(run_script: RunScript) -> None:
    found = run_script("damage.py", "--count", "500", minutes=60)
    assert found["faults"] == []
    assert found["cases"] == 500
    assert set(found["targets"]) == {"corpus", "run", "interrupted", "arena", "demo"}
    assert all(counts.get("refused", 0) for counts in found["targets"].values())
