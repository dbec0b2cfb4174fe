"""A shipped model is found by its name, from a read-only package; a path goes first; damage is told."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from stand_in import ship

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs.loading import load
from partita.runs.scorer import load_scorer
from partita.runs.shipped.folder import model_path, shipped_names


def test_the_name_loads_the_same_model_as_the_run(stand_in: str, etude_run: Path) -> None:
    shipped, own = load(stand_in), load(etude_run)
    assert shipped_names() == [stand_in]
    assert (shipped.name, shipped.step, shipped.sample_rate) == (stand_in, own.step, own.sample_rate)
    assert np.array_equal(shipped.draw(seconds=0.02, seed=1), own.draw(seconds=0.02, seed=1))


def test_a_file_or_folder_of_that_name_goes_first(stand_in: str, etude_run: Path) -> None:
    shutil.copytree(etude_run, stand_in)
    assert load(stand_in).path == Path.cwd() / stand_in
    shutil.rmtree(stand_in)
    Path(stand_in).write_text("mine")
    with pytest.raises(PartitaError, match="is not a run"):
        load(stand_in)


def test_a_read_only_package_is_enough(
    shipped_folder: Path, stand_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "shipped"
    shutil.copytree(shipped_folder, copy)
    paths = [copy, *copy.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    ship(copy, monkeypatch)
    before = {path: path.stat().st_mtime_ns for path in paths}
    load(stand_in).draw(seconds=0.01)
    assert {path: path.stat().st_mtime_ns for path in [copy, *copy.rglob("*")]} == before
    for path in paths:
        path.chmod(0o755)


def test_an_unknown_name_lists_what_ships_and_says_how_to_train(stand_in: str) -> None:
    with pytest.raises(PartitaError, match=f"made by `partita train`, or a model that ships .*: {stand_in}"):
        load("bach-viola")
    assert model_path(".") == Path()


@pytest.mark.parametrize(
    "file",
    [
        "config.toml",
        "learnt.json",
        "card.json",
        "average.safetensors",
        "frames-best.safetensors",
        "state.json",
    ],
)
def test_a_damaged_or_missing_file_is_told_with_the_remedy(
    shipped_folder: Path, stand_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    copy = tmp_path / "shipped"
    shutil.copytree(shipped_folder, copy)
    ship(copy, monkeypatch)
    (path,) = copy.rglob(file)
    data = path.read_bytes()
    if file == "card.json":
        path.write_text(json.dumps({**json.loads(data), "title": "Better"}))
    else:
        path.write_bytes(data[:-2] + b"0\n")
    with pytest.raises(PartitaError, match=r"is damaged.*: install partita again"):
        load(stand_in)
    if file != "card.json":
        path.unlink()
        with pytest.raises(PartitaError, match=r"can't be read.*: install partita again"):
            load(stand_in)


def test_a_shipped_model_has_no_discriminator_to_steer_with(
    stand_in: str, shipped_folder: Path, etude_corpus: Corpus
) -> None:
    with pytest.raises(PartitaError, match="was trained without an adversary"):
        load_scorer(stand_in, load(stand_in))
