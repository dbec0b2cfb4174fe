"""A corpus is rewritten while others read it, and a writer removes only its own files."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from corpus_files import own_files

from partita.data import corpus as reading
from partita.data import corpus_writer
from partita.data.corpus import Corpus
from partita.data.index import read_index
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.storage import lock_folder

CONFIG = PrepareConfig(sample_rate=8000)
OTHER = PrepareConfig(sample_rate=8000, peak_dbfs=-3)
REWRITE = """
import sys
from partita.data.preparation.prepare import PrepareConfig, prepare
for number in range(int(sys.argv[3])):
    prepare(sys.argv[1:2], sys.argv[2], PrepareConfig(sample_rate=8000, peak_dbfs=-1 - number % 2, workers=1))
"""


def test_a_corpus_opens_while_another_process_rewrites_it(corpus: Corpus, folder: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", REWRITE, folder, corpus.path, "15"])
    seen = set()
    while writer.poll() is None:
        opened = Corpus.open(corpus.path)
        opened.verify()
        seen.add(opened.fingerprint)
    assert writer.returncode == 0
    assert len(seen) == 2


def test_a_corpus_replaced_between_index_and_store_opens(
    corpus: Corpus, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once: list[dict[str, Any]] = []

    def read_then_rewrite(path: Path) -> object:
        index = read_index(path)
        if not once:
            once.append(index or {})
            prepare([folder], path, OTHER)
        return index

    monkeypatch.setattr(reading, "read_index", read_then_rewrite)
    opened = Corpus.open(corpus.path)
    assert opened.index != once[0]
    opened.verify()


def test_an_open_corpus_is_unchanged_by_prepare(corpus: Corpus, folder: Path) -> None:
    opened = Corpus.open(corpus.path)
    before = corpus.store.read_bytes()
    prepare([folder], corpus.path, OTHER)
    assert not opened.store.exists()
    assert opened.samples.tobytes() == before
    opened.verify()


def test_only_the_old_store_is_removed(corpus: Corpus, folder: Path) -> None:
    names = [
        "samples-mine.i16",
        "samples-0123456789ab.i16",
        "pitch-0123456789ab.f32",
        "samples-piano.i16",
        "notes.txt",
    ]
    for name in names:
        (corpus.path / name).write_bytes(b"mine")
    for config in (OTHER, CONFIG, OTHER):
        latest = prepare([folder], corpus.path, config)
        found = {path.name for path in corpus.path.iterdir()}
        assert found == {*names, *own_files(latest)}
    for name in names:
        assert (corpus.path / name).read_bytes() == b"mine"


def test_the_old_corpus_is_read_after_the_lock(
    corpus: Corpus, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def read(path: Path) -> object:
        with pytest.raises(PartitaError, match="another partita is writing"), lock_folder(path):
            pass
        reads.append(path)
        return read_index(path)

    monkeypatch.setattr(corpus_writer, "read_index", read)
    prepare([folder], corpus.path, OTHER)
    assert reads


def test_of_two_writers_one_succeeds_and_one_gets_an_error_of_one_line(
    folder: Path, tmp_path: Path, tone: Callable[..., np.ndarray]
) -> None:
    out = tmp_path / "c"
    soundfile.write(folder / "long.wav", tone(20, pitch=900), 8000)
    lost: list[str] = []

    def rival(*news: object) -> None:
        if not lost:
            with pytest.raises(PartitaError, match=r"another partita is writing to .*: wait until") as caught:
                prepare([folder / "0_ann_0.wav"], out, CONFIG)
            lost.append(str(caught.value))

    won = prepare([folder], out, CONFIG, progress=rival)
    assert len(lost) == 1
    assert len(won.index["files"]) == 6
    assert len(list(out.iterdir())) == 3


def test_an_incomplete_index_of_a_killed_process_is_removed(corpus: Corpus, folder: Path) -> None:
    (corpus.path / ".index.json.0123abcd.part").write_text('{"format"')
    (corpus.path / ".preparing").mkdir()
    (corpus.path / ".preparing" / "0.i16").write_bytes(b"12")
    prepare([folder], corpus.path, CONFIG)
    assert {p.name for p in corpus.path.iterdir()} == own_files(corpus)
