"""TensorBoard names a run by the run's folder."""

from pathlib import Path

import pytest

from partita.training.monitoring.tensorboard import OLD_FOLDER, TensorBoardWriter


def shown_by(logdir: Path) -> set[str]:
    """Return the names of the runs that TensorBoard shows with `--logdir`."""
    multiplexer = pytest.importorskip("tensorboard.backend.event_processing.plugin_event_multiplexer")
    return set(multiplexer.EventMultiplexer().AddRunsFromDirectory(str(logdir)).Runs())


def test_tensorboard_shows_the_names_of_the_runs(tmp_path: Path) -> None:
    """The files were once in a folder of their own, so that every name ended in `/tensorboard`."""
    for name in ("mine", "report"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        writer = TensorBoardWriter(tmp_path / name, step=0)
        writer.record({"kind": "train", "step": 1, "bits": 3.0})
        writer.close()
    assert shown_by(tmp_path) == {"mine", "report"}


def test_a_run_of_an_older_version_goes_on_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "mine" / OLD_FOLDER).mkdir(parents=True)
    TensorBoardWriter(tmp_path / "mine", step=0).close()
    assert shown_by(tmp_path) == {f"mine/{OLD_FOLDER}"}


def test_nothing_is_written_when_it_is_off(tmp_path: Path) -> None:
    TensorBoardWriter(tmp_path, step=0, on=False).close()
    assert not list(tmp_path.iterdir())
