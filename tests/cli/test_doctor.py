"""`partita doctor`: its JSON, its page, its mistakes, and the first line after a training."""

import json
from pathlib import Path

import numpy as np
import pytest
from metrics_runs import learning, run_with

from partita.cli.main import main

FLAT = [*np.geomspace(6.0, 4.2, 15), *[4.2] * 10]


@pytest.fixture
def young_run(tmp_path: Path) -> Path:
    return run_with(tmp_path / "young", learning(FLAT, step=20), step=20)


def test_json_has_the_findings_and_nothing_else(young_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(young_run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["findings"]
    assert next(one["code"] for one in found["findings"]) == "too-young"
    assert all(list(one) == ["code", "severity", "says", "remedy", "evidence"] for one in found["findings"])


def test_a_pipe_gets_plain_text(young_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(young_run)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{young_run}: it has learnt for 20 updates")
    assert "\x1b" not in out and "not checked" in out


@pytest.mark.parametrize("made", ["nowhere", "empty"])
def test_a_path_that_is_neither_is_a_mistake(
    made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["doctor", str(tmp_path / made)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
