"""A damaged store is noticed: when it is checked, when training begins, and when it is prepared again."""

import os
from pathlib import Path

import numpy as np
import pytest

from partita.audio.checking import BackgroundCheck
from partita.audio.corpus import Corpus
from partita.audio.prepare import PrepareConfig, prepare
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
        PartitaError, match=r"i16 is damaged.*\.wav as they were.*prepare the recordings again"
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
    with pytest.raises(PartitaError, match="is damaged"):
        BackgroundCheck(damaged, wait_s=5)
    whole = BackgroundCheck(Corpus(corpus.path, {**corpus.index, "files": []}))
    whole.raise_if_damaged()
    whole.finish()


def test_a_check_that_is_closed_ends_early(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(Corpus, "verify", lambda self, stop: [asked.append(1) for _ in iter(stop, True)])
    check = BackgroundCheck(corpus, wait_s=0.01)
    check.close()
    assert asked
    check.finish()


def test_a_damaged_recording_is_prepared_again_with_a_word(corpus: Corpus, folder: Path) -> None:
    whole = corpus.store.read_bytes()
    flip(corpus.store)
    again = prepare([folder], corpus.path, CONFIG)
    assert again.store.read_bytes() == whole
    assert again.fingerprint == corpus.fingerprint
    (line,) = [line for line in again.index["warnings"] if "prepared again" in line]
    assert "more/4_ann_0.wav" in line
    third = prepare([folder], corpus.path, CONFIG)
    assert third.index == corpus.index, "it is said once"


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
    with pytest.raises(PartitaError, match="promises"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
    corpus.store.unlink()
    with pytest.raises(PartitaError, match="is missing: prepare the recordings again"):
        Corpus.open(corpus.path)
    assert prepare([folder], corpus.path, CONFIG).store.read_bytes() == whole
