"""Whole runs and their corpus: it may move, and damage in it ends the training."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from partita.data.corpus import Corpus
from partita.data.index import fingerprint
from partita.data.verify import BackgroundCheck
from partita.digests import add_digest
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]


def test_a_stopped_run_can_be_moved_and_resumed(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    asked = iter([False, False, True])
    run = train(corpus, tmp_path / "a" / "run", make_config(), stop=lambda: next(asked), quiet=True)
    assert RunFolder.open(run).steps() == [0, 3]
    moved = shutil.copytree(run, tmp_path / "b" / "c" / "run")
    there = shutil.copytree(corpus.path, tmp_path / "b" / "corpus")
    with pytest.raises(PartitaError, match="is not a corpus"):
        resume(moved, corpus=tmp_path / "b", quiet=True)
    index = json.loads((there / "index.json").read_text())
    other = index | {"gap": 2.0}
    other["fingerprint"] = fingerprint(other)
    (there / "index.json").write_text(json.dumps(add_digest(other)))
    with pytest.raises(PartitaError, match="is not the one that"):
        resume(moved, corpus=there, quiet=True)
    (there / "index.json").write_text(json.dumps(index))
    assert load(resume(moved, corpus=there, quiet=True)).step == 20


def test_run_and_corpus_may_move_together(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    (tmp_path / "a").mkdir()
    old = shutil.copytree(corpus.path, tmp_path / "a" / "corpus")
    train(old, tmp_path / "a" / "runs" / "one", make_config(steps=4), stop=lambda: True, quiet=True)
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert load(resume(tmp_path / "b" / "runs" / "one", quiet=True)).step == 4


def test_a_corpus_without_validation_trains_to_the_end(corpus: Corpus, out: Path, make_config: Make) -> None:
    recordings = [one for one in corpus.index["recordings"] if one["split"] == "train"]
    bare = Corpus(corpus.path, corpus.index | {"recordings": recordings})
    train(bare, out, make_config(preview_clips=2), quiet=True)
    assert {record["kind"] for record in metrics.read(out / "metrics.jsonl")} == {"train"}
    assert load(out).step == 20


def test_a_missing_corpus_is_reported(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    old = shutil.copytree(corpus.path, tmp_path / "corpus")
    train(old, tmp_path / "run", make_config(), stop=lambda: True, quiet=True)
    shutil.rmtree(old)
    with pytest.raises(PartitaError, match=r"give its path, `partita train CORPUS --resume"):
        resume(tmp_path / "run", quiet=True)


def damaged(corpus: Corpus, path: Path) -> Path:
    """Copy a corpus, and flip one bit of its samples."""
    there = shutil.copytree(corpus.path, path)
    store = there / corpus.store.name
    data = bytearray(store.read_bytes())
    data[1001] ^= 4
    store.write_bytes(data)
    return there


def test_no_run_begins_on_a_damaged_corpus(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    there = damaged(corpus, tmp_path / "corpus")
    with pytest.raises(PartitaError, match=r"samples-.* is damaged.*prepare the recordings again"):
        train(there, tmp_path / "run", make_config(), quiet=True)
    assert not (tmp_path / "run").exists()
    run = train(corpus, tmp_path / "run", make_config(), stop=lambda: True, quiet=True)
    with pytest.raises(PartitaError, match="is damaged"):
        resume(run, corpus=there, quiet=True)


def test_damage_found_in_the_background_ends_the_training(
    corpus: Corpus, tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = damaged(corpus, tmp_path / "corpus")
    monkeypatch.setattr(BackgroundCheck.__init__, "__kwdefaults__", {"wait_s": 0.0})
    verify, begun = Corpus.verify, threading.Event()

    def late(self: Corpus, stop: Callable[[], bool]) -> None:
        begun.wait(30)
        verify(self, stop)

    def stop() -> bool:
        begun.set()
        return False

    monkeypatch.setattr(Corpus, "verify", late)
    with pytest.raises(PartitaError, match="is damaged"):
        train(there, tmp_path / "run", make_config(), stop=stop, quiet=True)


def checks() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "corpus check"]


def test_the_corpus_check_ends_if_a_run_can_not_start(
    corpus: Corpus, tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(corpus, tmp_path / "run", make_config(), stop=lambda: True, quiet=True)
    monkeypatch.setattr(BackgroundCheck.__init__, "__kwdefaults__", {"wait_s": 0.0})

    def read_until_stopped(self: Corpus, stop: Callable[[], bool]) -> None:
        while not stop():
            time.sleep(0.01)

    monkeypatch.setattr(Corpus, "verify", read_until_stopped)

    def refuse(*_given: object, **_named: object) -> None:
        assert checks()
        raise PartitaError("no such device")

    monkeypatch.setattr("partita.training.new_run.make_learner", refuse)
    monkeypatch.setattr("partita.training.restore.make_learner", refuse)
    with pytest.raises(PartitaError, match="no such device"):
        train(corpus, tmp_path / "new", make_config(), quiet=True)
    with pytest.raises(PartitaError, match="no such device"):
        resume(run, corpus=corpus, quiet=True)
    assert not checks()


def test_the_display_shows_that_the_end_waits_for_the_corpus_check(
    corpus: Corpus,
    tmp_path: Path,
    make_config: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(BackgroundCheck.__init__, "__kwdefaults__", {"wait_s": 0.0})
    monkeypatch.setattr("partita.training.monitoring.progress.LINE_SECONDS", 0.0)
    shown, finish = threading.Event(), BackgroundCheck.finish

    def finish_at_once(self: BackgroundCheck) -> None:
        shown.set()
        finish(self)

    monkeypatch.setattr(BackgroundCheck, "finish", finish_at_once)
    monkeypatch.setattr(Corpus, "verify", lambda self, stop: shown.wait(30))
    train(corpus, tmp_path / "run", make_config(steps=1, log_every=10**9))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "run: checking the corpus ..."
