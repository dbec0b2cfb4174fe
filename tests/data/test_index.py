"""A damaged index is refused with an error of one line that names the key and the remedy."""

import copy
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.from_classes import corpus_from_classes
from partita.data.index import (
    REMEDY,
    DamagedIndexError,
    check_index,
    fingerprint,
    read_index,
)
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.stores import store_name
from partita.digests import add_digest
from partita.errors import PartitaError
from partita.tables import Table

DEEP = 100_000


@pytest.fixture(scope="module")
def prepared_once(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Three seconds of noise, prepared once."""
    recordings = tmp_path_factory.mktemp("made")
    for number in range(3):
        sound = 0.3 * np.random.default_rng(number).standard_normal(8000)
        soundfile.write(recordings / f"{number}_take.wav", sound, 8000)
    (recordings / "notes.wav").write_text("no sound")
    return prepare([recordings], recordings / "corpus", ASKED)


@pytest.fixture
def written(prepared_once: Corpus) -> dict[str, Any]:
    """Its index, which the test may change."""
    return copy.deepcopy(prepared_once.index)


@pytest.fixture
def corpus(prepared_once: Corpus, tmp_path: Path) -> Corpus:
    """A copy of the corpus for one test."""
    return Corpus.open(shutil.copytree(prepared_once.path, tmp_path / "corpus"))


@pytest.fixture
def folder(prepared_once: Corpus) -> Path:
    """The recordings of the corpus."""
    return prepared_once.path.parent


ASKED = PrepareConfig(sample_rate=8000, gap=0.1, labels="{n}_take")


def sealed(index: dict[str, Any]) -> dict[str, Any]:
    """Return an index with the digests that its writer would have given it."""
    index["fingerprint"] = fingerprint(index)
    return add_digest(index)


def replaced(index: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    inner: Any = index
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return index


def refusal(path: Path, index: Any) -> str:
    text = index if isinstance(index, str) else json.dumps(index)
    (path / "index.json").write_text(text)
    with pytest.raises(PartitaError) as caught:
        Corpus.open(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


SEGMENT = ("recordings", 0, "segments", 0)
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("sample_rate",), "8000", "`sample_rate`"),
    (("sample_rate",), 0, "at least 1"),
    (("sample_rate",), 10**30, "at most 384000"),
    (("samples",), 1.5, "`samples`"),
    (("samples",), 5, "`samples`"),
    (("gap",), "1", "`gap`"),
    (("gap",), -1, "`gap`"),
    (("root",), 3, "`root`"),
    (("sound",), None, "`sound`"),
    (("skipped",), None, "`skipped`"),
    (("warnings",), [3], "`warnings`"),
    (("held_out",), "all", "`held_out`"),
    (("recordings",), {}, "`recordings`"),
    (("recordings", 0), [], "`recordings`"),
    (("recordings", 0, "source"), None, "`recordings[0].source`"),
    (("recordings", 0, "source"), "\ud800", "`recordings[0].source`"),
    (("recordings", 0, "split"), "tarin", "train, validation, test"),
    (("recordings", 0, "label"), {"take": 1}, "`recordings[0].label.take`"),
    (("recordings", 0, "label"), "take", "`recordings[0].label`"),
    (SEGMENT, "offset", "`recordings[0].segments`"),
    ((*SEGMENT, "offset"), -1, "`recordings[0].segments[0].offset`"),
    ((*SEGMENT, "offset"), True, "`recordings[0].segments[0].offset`"),
    ((*SEGMENT, "length"), 0, "`recordings[0].segments[0].length`"),
    ((*SEGMENT, "length"), 10**9, "inside the store"),
    ((*SEGMENT, "source_start_s"), "0", "`recordings[0].segments[0].source_start_s`"),
    (("files", 0), None, "`files`"),
    (("files", 0, "stretches"), [[0]], "pairs"),
    (("files", 0, "stretches"), [[-1, 5]], "pairs"),
    (("files", 0, "stretches"), [["0", 5]], "pairs"),
    (("files", 0, "samples_digest"), "../x", "hexadecimal"),
    (("files", 0, "size"), -1, "`files[0].size`"),
    (("files", 0, "mtime_ns"), None, "`files[0].mtime_ns`"),
    (("files", 0, "reason"), 3, "`files[0].reason`"),
    (("store",), "../samples.i16", "a file in the corpus folder"),
    (("store",), "/etc/passwd", "a file in the corpus folder"),
    (("store",), 3, "`store`"),
    (("files", 0, "pitch_digest"), "../x", "hexadecimal"),
    (("pitch_store",), "../pitch.f32", "a file in the corpus folder"),
    (("pitch_store",), None, "`pitch_store`"),
    (("pitch_hop_length",), 0, "`pitch_hop_length`"),
]


@pytest.mark.parametrize(("place", "value", "message"), WRONG)
def test_a_wrong_value_is_named(
    written: dict[str, Any], place: tuple[Any, ...], value: Any, message: str
) -> None:
    index = replaced(written, place, value)
    with suppress(KeyError, TypeError, AttributeError):  # the digest of such an index can't be computed
        index = sealed(index)
    with pytest.raises(PartitaError) as caught:
        check_index(Table(index, "index.json", REMEDY))
    assert message in str(caught.value)
    assert str(caught.value).endswith("prepare the recordings again")


@pytest.mark.parametrize("key", ["sample_rate", "samples", "store", "recordings", "files", "skipped", "root"])
def test_a_missing_key_is_named(written: dict[str, Any], key: str) -> None:
    del written[key]
    with pytest.raises(PartitaError, match=f"`{key}` is missing"):
        check_index(Table(written, "index.json", REMEDY))


def test_segments_that_overlap_are_refused(corpus: Corpus, written: dict[str, Any]) -> None:
    test = next(one for one in written["recordings"] if one["split"] == "test")["segments"][0]
    train = next(one for one in written["recordings"] if one["split"] == "train")["segments"][0]
    train["offset"], train["length"] = test["offset"] + 1, 10
    assert "two segments" in refusal(corpus.path, sealed(written))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "\x00\xff",
        "[" * DEEP + "]" * DEEP,
        f'{{"format": {"[" * DEEP}{"]" * DEEP}}}',
        '{"format": "partita corpus 1", "sample_rate": NaN}',
        f'{{"format": "partita corpus 1", "sample_rate": {"9" * 5000}}}',
    ],
)
def test_a_file_without_a_json_table_is_damaged(corpus: Corpus, text: str) -> None:
    assert "is damaged" in refusal(corpus.path, text)


def test_a_flipped_bit_anywhere_is_noticed(corpus: Corpus) -> None:
    file = corpus.path / "index.json"
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    for place in random.choice(len(whole), 200, replace=False):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << random.integers(8)
        file.write_bytes(flipped)
        try:
            opened = Corpus.open(corpus.path)
        except PartitaError:
            continue
        assert opened.index == corpus.index, "only white space changed"


def test_a_corpus_of_an_older_version_opens(corpus: Corpus, written: dict[str, Any]) -> None:
    for key in ("digest", "warnings", "held_out"):
        del written[key]
    file = corpus.path / "index.json"
    file.write_text(json.dumps(written))
    old = Corpus.open(corpus.path)
    old.verify()
    assert old.fingerprint == corpus.fingerprint
    written["recordings"][0]["split"] = "test"
    assert "`fingerprint`" in refusal(corpus.path, written)


def test_an_index_of_a_newer_version_is_refused_and_unchanged(corpus: Corpus, folder: Path) -> None:
    assert "update partita" in refusal(corpus.path, {"format": "partita corpus 2"})
    with pytest.raises(PartitaError, match="update partita"):
        prepare([folder], corpus.path, ASKED)
    assert "corpus 2" in (corpus.path / "index.json").read_text()


def test_the_index_of_another_program_is_refused_and_unchanged(tmp_path: Path, folder: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for text in ('{"name": "site"}', "no JSON"):
        (site / "index.json").write_text(text)
        with pytest.raises(PartitaError):
            Corpus.open(site)
        with pytest.raises(PartitaError):
            prepare([folder], site, ASKED)
        assert [p.name for p in site.iterdir()] == ["index.json"]
        assert (site / "index.json").read_text() == text
    assert read_index(tmp_path) is None


def test_a_store_outside_the_folder_is_not_read(
    corpus: Corpus, written: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.i16"
    corpus.store.rename(outside)
    corpus.store.symlink_to(outside)
    with pytest.raises(PartitaError, match="it is a link"):
        Corpus.open(corpus.path)
    for store in ("../outside.i16", str(outside)):
        refusal(corpus.path, sealed({**written, "store": store}))
    before = outside.read_bytes()
    prepare([folder], corpus.path, ASKED).verify()
    assert outside.read_bytes() == before


def test_a_damaged_index_is_prepared_again_with_a_warning(
    corpus: Corpus, written: dict[str, Any], folder: Path
) -> None:
    (corpus.path / "index.json").write_text(json.dumps({**written, "samples": 5}))
    with pytest.raises(DamagedIndexError):
        read_index(corpus.path)
    again = prepare([folder], corpus.path, ASKED)
    assert "everything was prepared again" in again.index["warnings"][0]
    assert again.fingerprint == corpus.fingerprint
    again.verify()


def test_a_folder_with_a_damaged_index_and_other_files_is_refused(corpus: Corpus, folder: Path) -> None:
    (corpus.path / "letter.txt").write_text("dear")
    (corpus.path / "index.json").write_text("{")
    with pytest.raises(PartitaError, match=r"holds a damaged index.json .*: give a new folder"):
        prepare([folder], corpus.path, ASKED)
    assert (corpus.path / "letter.txt").read_text() == "dear"
    assert corpus.store.exists()


def test_the_store_of_a_corpus_of_classes_is_named_after_its_content(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).integers(256, size=(3, 100))
    clips = corpus_from_classes(tmp_path / "c", {"train": sound}, sample_rate=8000, quantizer=Quantizer())
    assert clips.index["store"] == store_name([file["samples_digest"] for file in clips.index["files"]])
    Corpus.open(clips.path).verify()
