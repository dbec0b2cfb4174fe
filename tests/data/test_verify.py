"""A damaged store is noticed: when it is checked, when training begins, and when it is prepared again."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from partita.data import corpus as corpus_file
from partita.data import corpus_writer as writer_file
from partita.data import store_cleanup as cleanup_file
from partita.data.corpus import SPLITS, Corpus
from partita.data.index import read_index
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.store_cleanup import record_stores
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


def test_old_corpora_are_checked_too(corpus: Corpus) -> None:
    bare = {name: value for name, value in corpus.index.items() if name not in ("digest", "warnings")}
    Corpus(corpus.path, bare).verify()
    flip(corpus.store)
    with pytest.raises(PartitaError, match="is damaged"):
        Corpus(corpus.path, bare).verify()


def test_a_check_in_the_background_tells_of_damage_when_asked(corpus: Corpus) -> None:
    flip(corpus.store)
    damaged = Corpus.open(corpus.path)
    with pytest.raises(PartitaError, match="is damaged"), BackgroundCheck(damaged, wait_s=5):
        pass
    with BackgroundCheck(Corpus(corpus.path, {**corpus.index, "files": []})) as whole:
        whole.raise_if_damaged()
        whole.finish()


def test_a_check_ends_with_its_block(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(Corpus, "verify", lambda self, stop: [asked.append(1) for _ in iter(stop, True)])
    with BackgroundCheck(corpus, wait_s=0.01) as check:
        assert check.running
    assert asked
    assert not check.running
    check.finish()


def test_an_error_of_any_kind_is_not_taken_for_a_whole_corpus(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = threading.Event()

    def failing(self: Corpus, stop: object) -> None:
        late.wait(5)
        raise MemoryError("no room for a block")

    monkeypatch.setattr(Corpus, "verify", failing)
    with BackgroundCheck(corpus, wait_s=0.0) as check:
        late.set()
        with pytest.raises(MemoryError, match="no room"):
            check.finish()
    with pytest.raises(MemoryError, match="no room"), BackgroundCheck(corpus, wait_s=5):
        pass


def test_only_what_is_asked_for_is_read_and_that_once(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = {split: corpus.segments(split) for split in SPLITS}
    flip(corpus.store, 2 * segments["train"][0].offset)
    opened, read = Corpus.open(corpus.path), []
    plain = corpus_file.samples_digest
    monkeypatch.setattr(corpus_file, "samples_digest", lambda *given: read.append(given[1]) or plain(*given))
    opened.verify(splits=("test",))
    assert len(read) == len({segment.recording for segment in segments["test"]})
    opened.verify(splits=("test", "validation"))
    with pytest.raises(PartitaError, match="is damaged"):
        opened.verify()
    assert len(read) == len(set(read))


def test_a_damaged_recording_is_prepared_again_with_a_word(corpus: Corpus, folder: Path) -> None:
    whole = corpus.store.read_bytes()
    flip(corpus.store)
    again = prepare([folder], corpus.path, CONFIG)
    assert again.store.read_bytes() == whole
    assert again.fingerprint == corpus.fingerprint
    (line,) = [line for line in again.index["warnings"] if "prepared again" in line]
    assert line == f"more/4_ann_0.wav: prepared again, since {corpus.store} was damaged"
    third = prepare([folder], corpus.path, CONFIG)
    assert third.index == corpus.index, "it is said once"


def test_one_line_tells_of_a_store_that_was_zeroed(corpus: Corpus, folder: Path) -> None:
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
    for file in (corpus_file, cleanup_file, writer_file):
        monkeypatch.setattr(file, "read_index", lambda path: read.append(path) or read_index(path))
    (folder / "0_ann_0.wav").unlink()
    again = prepare([folder], corpus.path, CONFIG)
    assert len(read) == 1
    assert again.index == read_index(corpus.path)
    assert not corpus.store.exists()
    assert np.array_equal(again.samples, Corpus.open(corpus.path).samples)


def test_a_store_that_a_killed_start_noted_goes_although_the_index_was_damaged(
    corpus: Corpus, folder: Path
) -> None:
    """The note is kept until the index can say which of its stores is in use."""
    left = corpus.path / "samples-0123456789ab.i16"
    left.write_bytes(b"1234")
    scratch = corpus.path / ".preparing"
    scratch.mkdir()
    record_stores(scratch, {left.name: 2, corpus.store.name: len(corpus.samples)})
    (scratch / "0.i16").write_bytes(b"12")
    whole = (corpus.path / "index.json").read_text()
    (corpus.path / "index.json").write_text(whole[:-9])
    with pytest.raises(PartitaError, match="fits no name"):  # it fails while the folder is taken
        prepare([folder], corpus.path, PrepareConfig(sample_rate=8000, labels="{a}-{b}-{c}-{d}-{e}"))
    assert [path.name for path in scratch.iterdir()] == ["stores.json"]
    assert left.exists() and corpus.store.exists()
    again = prepare([folder], corpus.path, PrepareConfig(sample_rate=8000, peak_dbfs=-3))
    names = {path.name for path in corpus.path.iterdir()}
    assert names == {"index.json", again.store.name}


def test_damage_is_not_carried_into_a_new_store(corpus: Corpus, folder: Path, tmp_path: Path) -> None:
    flip(corpus.store)
    (folder / "0_ann_0.wav").unlink()
    again = prepare([folder], corpus.path, CONFIG)
    fresh = prepare([folder], tmp_path / "fresh", CONFIG)
    assert np.array_equal(again.samples, fresh.samples)
    again.verify()


def test_a_store_cut_short_or_gone_is_named_and_made_anew(corpus: Corpus, folder: Path) -> None:
    whole = corpus.store.read_bytes()
    corpus.store.write_bytes(whole[:-7])
    with pytest.raises(PartitaError, match="must have"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
    corpus.store.unlink()
    with pytest.raises(PartitaError, match="is missing: prepare the recordings again"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
