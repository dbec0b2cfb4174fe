"""A damaged store is found by `verify`, when training starts, and when it is prepared again."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_files import own_files

from partita.data import corpus as corpus_file
from partita.data import corpus_writer as writer_file
from partita.data import store_cleanup as cleanup_file
from partita.data.corpus import SPLITS, Corpus, samples_digest
from partita.data.index import read_index
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.store_cleanup import record_stores
from partita.data.stores import store_items
from partita.data.verify import BackgroundCheck
from partita.errors import PartitaError

CONFIG = PrepareConfig(sample_rate=8000)


def flip(store: Path, place: int = -1000) -> None:
    """Flip the lowest bit of one byte; the file keeps its size and its date."""
    before = store.stat()
    data = bytearray(store.read_bytes())
    data[place] ^= 1
    store.write_bytes(data)
    os.utime(store, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("place", [0, 1, 100_000, -1])
def test_one_flipped_bit_is_noticed(corpus: Corpus, place: int) -> None:
    corpus.verify()
    flip(corpus.store, place)
    damaged = Corpus.open(corpus.path)
    with pytest.raises(
        PartitaError, match=r"i16 is damaged.*\.wav are not as they were.*prepare the recordings again"
    ):
        damaged.verify()


def test_a_corpus_of_an_older_version_is_verified(corpus: Corpus) -> None:
    bare = {name: value for name, value in corpus.index.items() if name not in ("digest", "warnings")}
    Corpus(corpus.path, bare).verify()
    flip(corpus.store)
    with pytest.raises(PartitaError, match="is damaged"):
        Corpus(corpus.path, bare).verify()


def test_a_background_check_raises_the_damage_it_found(corpus: Corpus) -> None:
    flip(corpus.store)
    damaged = Corpus.open(corpus.path)
    with pytest.raises(PartitaError, match="is damaged"), BackgroundCheck(damaged, wait_s=5):
        pass
    with BackgroundCheck(Corpus(corpus.path, {**corpus.index, "files": []})) as whole:
        whole.raise_if_damaged()
        whole.finish()


def test_a_background_check_ends_with_its_block(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, running = [], []

    def verify(_corpus: Corpus, stop: Callable[[], bool]) -> None:
        for _ in iter(stop, True):
            asked.append(1)

    monkeypatch.setattr(Corpus, "verify", verify)
    with BackgroundCheck(corpus, wait_s=0.01) as check:
        running.append(check.running)
    assert asked
    running.append(check.running)
    assert running == [True, False]
    check.finish()


def test_a_background_check_reports_errors_of_every_type(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = threading.Event()

    def failing(self: Corpus, stop: object) -> None:
        late.wait(5)
        raise MemoryError("no memory for a block")

    monkeypatch.setattr(Corpus, "verify", failing)
    with BackgroundCheck(corpus, wait_s=0.0) as check:
        late.set()
        with pytest.raises(MemoryError, match="no memory"):
            check.finish()
    with pytest.raises(MemoryError, match="no memory"), BackgroundCheck(corpus, wait_s=5):
        pass


def test_only_the_given_splits_are_verified_and_each_recording_once(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = {split: corpus.segments(split) for split in SPLITS}
    flip(corpus.store, 2 * segments["train"][0].offset)
    opened, read = Corpus.open(corpus.path), []

    def spy(*given: Any) -> str:
        read.append(given[1])
        return samples_digest(*given)

    monkeypatch.setattr(corpus_file, "samples_digest", spy)
    opened.verify(splits=("test",))
    assert len(read) == len({segment.recording for segment in segments["test"]})
    opened.verify(splits=("test", "validation"))
    with pytest.raises(PartitaError, match="is damaged"):
        opened.verify()
    assert len(read) == len(set(read))


def test_a_damaged_recording_is_prepared_again_with_a_warning(corpus: Corpus, folder: Path) -> None:
    whole = corpus.store.read_bytes()
    flip(corpus.store)
    again = prepare([folder], corpus.path, CONFIG)
    assert again.store.read_bytes() == whole
    assert again.fingerprint == corpus.fingerprint
    (line,) = [line for line in again.index["warnings"] if "prepared again" in line]
    assert line == f"more/4_ann_0.wav: prepared again, since {corpus.store} was damaged"
    third = prepare([folder], corpus.path, CONFIG)
    assert third.index == corpus.index, "the warning is given once"


def test_a_zeroed_store_gives_one_warning(corpus: Corpus, folder: Path) -> None:
    corpus.store.write_bytes(bytes(corpus.store.stat().st_size))
    again = prepare([folder], corpus.path, CONFIG)
    names = [file["source"] for file in again.index["files"] if file["reason"] is None]
    (line,) = [line for line in again.index["warnings"] if "prepared again" in line]
    assert all(name in line for name in names) and ": prepared again, since" in line
    assert again.fingerprint == corpus.fingerprint


def test_an_index_is_read_once_when_recordings_are_added(
    corpus: Corpus, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def spy(path: Path) -> dict[str, Any] | None:
        read.append(path)
        return read_index(path)

    for file in (corpus_file, cleanup_file, writer_file):
        monkeypatch.setattr(file, "read_index", spy)
    (folder / "0_ann_0.wav").unlink()
    again = prepare([folder], corpus.path, CONFIG)
    assert len(read) == 1
    assert again.index == read_index(corpus.path)
    assert not corpus.store.exists()
    assert np.array_equal(again.samples, Corpus.open(corpus.path).samples)


def test_a_store_recorded_by_a_killed_writer_is_removed_after_a_damaged_index(
    corpus: Corpus, folder: Path
) -> None:
    """The record stays until the index states which of its stores is used."""
    left = corpus.path / "samples-0123456789ab.i16"
    left.write_bytes(b"1234")
    scratch = corpus.path / ".preparing"
    scratch.mkdir()
    record_stores(scratch, {left.name: 2, **store_items(corpus.index)})
    (scratch / "0.i16").write_bytes(b"12")
    whole = (corpus.path / "index.json").read_text()
    (corpus.path / "index.json").write_text(whole[:-9])
    with pytest.raises(PartitaError, match="fits no name"):  # it fails while the folder is locked
        prepare([folder], corpus.path, PrepareConfig(sample_rate=8000, labels="{a}-{b}-{c}-{d}-{e}"))
    assert [path.name for path in scratch.iterdir()] == ["stores.json"]
    assert left.exists() and corpus.store.exists()
    again = prepare([folder], corpus.path, PrepareConfig(sample_rate=8000, peak_dbfs=-3))
    names = {path.name for path in corpus.path.iterdir()}
    assert names == own_files(again)


def test_damaged_samples_are_not_copied_to_a_new_store(corpus: Corpus, folder: Path, tmp_path: Path) -> None:
    flip(corpus.store)
    (folder / "0_ann_0.wav").unlink()
    again = prepare([folder], corpus.path, CONFIG)
    fresh = prepare([folder], tmp_path / "fresh", CONFIG)
    assert np.array_equal(again.samples, fresh.samples)
    again.verify()


def test_a_short_or_missing_store_is_refused_and_prepared_again(corpus: Corpus, folder: Path) -> None:
    whole = corpus.store.read_bytes()
    corpus.store.write_bytes(whole[:-7])
    with pytest.raises(PartitaError, match="must have"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
    corpus.store.unlink()
    with pytest.raises(PartitaError, match="is missing: prepare the recordings again"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
