"""The life of a run: started, paused, found by another server, killed, continued, done, deleted."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from partita.app.train import process
from partita.app.train.record import RunRecord, read_record
from partita.app.train.run import Run
from partita.app.train.runs import Runs, keep_corpus
from partita.app.train.settings import RunSettings
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError
from partita.runs.folder import RunFolder

LONGEST_SECONDS = 300.0


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    runs = Runs(tmp_path / "runs")
    yield runs
    asyncio.run(runs.end())


def wait_for(runs: Runs, name: str, *states: str) -> Run:
    """Wait until a run is in one of some states."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while (run := runs.get(name)).state()[0] not in states:
        assert time.monotonic() < deadline, (run.state(), process.last_lines(run.log, 5))
        time.sleep(0.05)
    return run


def wait_for_step(runs: Runs, name: str, step: int) -> None:
    """Wait until a run has made so many updates."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while runs.get(name).facts()["step"] < step or not runs.get(name).is_running:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stopped_run(runs: Runs, name: str, *, log: str = "", pause_asked: bool = False) -> Run:
    """Return a run without a folder that no process trains."""
    runs.folder.mkdir(parents=True, exist_ok=True)
    run = Run(runs.folder / name)
    RunRecord(arguments=("train",), pause_asked=pause_asked).write(run.record_path)
    run.log.write_text(log, encoding="utf-8")
    return runs.get(name)


@pytest.mark.slow
def test_a_run_is_paused_found_again_killed_and_continued(
    runs: Runs, settings: RunSettings, tmp_path: Path
) -> None:
    run = runs.start(settings.on(keep_corpus(settings.corpus)), name="tones", recordings="takes")
    assert run.state()[0] == "starting" and runs.running() is run
    with pytest.raises(BusyError, match="tones is trained now"):
        runs.start(settings, name="second")
    wait_for(runs, "tones", "training")

    other = Runs(tmp_path / "runs")  # another server, after a restart
    assert other.get("tones").state()[0] == "training"
    other.pause(other.get("tones"))
    other.pause(other.get("tones"))  # a second click does no harm
    assert wait_for(other, "tones", "paused").facts()["can_go_on"]
    saved = RunFolder(run.folder).steps()[-1]
    assert saved > 0
    with pytest.raises(PartitaError, match="not trained now"):
        other.pause(other.get("tones"))

    other.go_on(other.get("tones"))
    wait_for_step(other, "tones", saved + 1)
    record = other.get("tones").record
    assert record is not None and not record.pause_asked
    os.kill(record.process, signal.SIGKILL)
    assert "ended without a word" in wait_for(other, "tones", "stopped").state()[1]

    other.go_on(other.get("tones"))
    assert other.get("tones").state()[0] == "starting"
    wait_for(other, "tones", "training")
    asyncio.run(other.end())  # as the end of the server does
    assert not run.is_running and run.state()[0] == "paused"


def test_a_run_is_done_and_its_folder_is_deleted(runs: Runs, settings: RunSettings) -> None:
    few = replace(settings, more=(*settings.more, "--steps", "3", "--preview-clips", "1"))
    run = wait_for(runs, runs.start(few, name="tones").name, "done")
    facts = run.facts()
    assert facts["bits"] > 0 and facts["curves"]["train"] and facts["left"] is None
    assert facts["clips"] == [{"step": 3, "files": ["step-000003-1.wav"]}]
    assert facts["command"].startswith("partita train") and facts["step"] == 3
    with pytest.raises(PartitaError, match="is done"):
        runs.go_on(run)
    shutil.rmtree(run.folder)
    assert runs.get("tones").state()[0] == "gone"
    runs.forget(runs.get("tones"))
    assert runs.all() == [] and list(runs.folder.iterdir()) == []


def test_a_failed_start_is_said_in_the_words_of_the_command(runs: Runs, tmp_path: Path) -> None:
    runs.start(RunSettings(corpus=tmp_path / "nowhere", minutes=1), name="tones")
    run = wait_for(runs, "tones", "failed")
    assert "nowhere is not a corpus" in run.state()[1] and run.facts()["can_go_on"]


@pytest.mark.parametrize(
    ("log", "pause_asked", "state", "words"),
    [
        (
            "--- now\npartita train: the disk is full: then run `partita train --resume runs/a`\n",
            False,
            "failed",
            "then press Go on",
        ),
        ("--- now\npartita train: stopped by SIGTERM and saved at step 8: go on\n", False, "paused", ""),
        ("--- now\npartita train: interrupted\n", False, "paused", ""),
        ("--- now\ntones: step 10\n", True, "paused", ""),
        ("--- now\ntones: step 10\n", False, "gone", "folder is not there"),
        ("--- one\npartita train: old words\n--- two\n", False, "gone", "folder"),
        ("", False, "gone", "folder"),
    ],
)
def test_the_log_says_how_a_run_ended(
    runs: Runs, log: str, pause_asked: bool, state: str, words: str
) -> None:
    found, reason = stopped_run(runs, "tones", log=log, pause_asked=pause_asked).state()
    assert found == state and words in reason


def test_damaged_records_and_foreign_files_do_no_harm(runs: Runs) -> None:
    runs.folder.mkdir()
    (runs.folder / "tones.json").write_text("{")
    (runs.folder / "..json").write_text("{}")
    (runs.folder / "list.json").write_text("[1]")
    (runs.folder / "empty").mkdir()
    assert runs.all() == []
    assert read_record(runs.folder / "list.json") is None
    for name in ("tones", "..", "../runs", "empty"):
        with pytest.raises(MissingError):
            runs.get(name)


def test_only_runs_without_a_folder_are_forgotten(runs: Runs) -> None:
    stopped_run(runs, "tones")
    (runs.folder / "tones").mkdir()
    (runs.folder / "tones" / "config.toml").touch()
    run = runs.get("tones")
    with pytest.raises(PartitaError, match="still there"):
        runs.forget(run)


def test_the_copy_of_a_corpus_survives_a_change_of_the_set(settings: RunSettings, tmp_path: Path) -> None:
    corpus = tmp_path / "takes"
    shutil.copytree(settings.corpus, corpus)
    copy = keep_corpus(corpus)
    assert copy != corpus and keep_corpus(corpus) == copy
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    shutil.rmtree(corpus)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    with pytest.raises(PartitaError, match="not prepared"):
        keep_corpus(corpus)


def test_the_lock_of_the_log_says_whether_a_process_runs(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert process.is_running(log) is False
    with process.start(["--version"], log) as child:
        assert process.is_running(log)
        with pytest.raises(PartitaError, match="another process writes"):
            process.start(["--version"], log)
        child.wait(LONGEST_SECONDS)
    assert process.is_running(log) is False
    assert process.last_lines(log)[0].startswith("partita ")
