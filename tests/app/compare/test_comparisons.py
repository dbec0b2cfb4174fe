"""Comparisons that were finished before: found by their clips, and nothing else is served."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from partita.app.compare.comparisons import comparisons_in
from partita.app.server import create_app
from partita.app.settings import ServeConfig
from partita.errors import PartitaError


def comparison(folder: Path) -> Path:
    for arm, numbers in (("report", (0, 1, 10)), ("real", (0, 1)), ("ddo", ())):
        (folder / "clips" / arm).mkdir(parents=True)
        for number in numbers:
            (folder / "clips" / arm / f"{number}.flac").write_bytes(b"sound")
    (folder / "clips" / "report" / "notes.flac").write_bytes(b"")
    (folder / "secret.flac").write_bytes(b"secret")
    return folder


def test_real_sound_comes_first_and_numbers_are_in_order(tmp_path: Path) -> None:
    found = comparisons_in((comparison(tmp_path / "a"),))
    assert found["a"].clips == {"real": [0, 1], "report": [0, 1, 10]}
    assert list(found["a"].clips) == ["real", "report"]


def test_folders_of_comparisons_and_equal_names_are_told_apart(tmp_path: Path) -> None:
    for outer in ("x", "y"):
        comparison(tmp_path / outer / "a")
    assert list(comparisons_in((tmp_path / "x", tmp_path / "y"))) == ["a", "a (2)"]


def test_only_clips_are_served(tmp_path: Path) -> None:
    app = create_app(ServeConfig(runs=(comparison(tmp_path / "a"),), folder=tmp_path / "page"))
    client = TestClient(app, base_url="http://127.0.0.1:8420")
    assert client.get("/compare/of/a/10/report.flac").content == b"sound"
    for path in (
        "/compare/of/a/2/real.flac",
        "/compare/of/b/0/real.flac",
        "/compare/of/a/0/..%2f..%2fsecret.flac",
    ):
        assert client.get(path).status_code == 404


def test_a_folder_without_a_run_or_a_comparison_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="no run and no comparison"):
        create_app(ServeConfig(runs=(tmp_path,)))
