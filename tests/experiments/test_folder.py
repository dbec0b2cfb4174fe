"""The folder that the arena and the demo share: foreign folders are refused, leftovers are removed."""

from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.experiments.folder import ExperimentFolder
from partita.storage import lock_folder, temporary_path


def experiment(path: Path) -> ExperimentFolder:
    return ExperimentFolder(path=path, kind="demo", format=2)


def start(path: Path) -> None:
    """Start an experiment and do nothing."""
    with experiment(path).lock():
        experiment(path).write({"settings": {"seed": 0}})


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PartitaError, match="is not the folder of a demo: give another folder with `--out`"):
        start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(PartitaError, match="is not the folder of a demo"):
        start(tmp_path / "thesis.txt")


def test_a_settings_file_that_was_not_finished_is_removed(tmp_path: Path) -> None:
    temporary_path(tmp_path / "demo.json").write_text("{")
    start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        start(tmp_path)
    assert not list(tmp_path.iterdir())


def test_other_settings_are_refused(tmp_path: Path) -> None:
    folder = experiment(tmp_path)
    folder.refuse_other_settings({"seed": 0, "old": 1}, {"seed": 0})
    with pytest.raises(
        PartitaError, match="was started with `seed` 0, now it is 1: use the same value, or give"
    ):
        folder.refuse_other_settings({"seed": 0}, {"seed": 1})
    with pytest.raises(PartitaError, match="was started with `size` None, now it is tiny"):
        folder.refuse_other_settings({"seed": 0}, {"seed": 0, "size": "tiny"})
