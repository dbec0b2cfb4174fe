"""The pitch track of a corpus: at any position, in older corpora, damaged, and after a second `prepare`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from corpus_files import own_files

from partita.audio.features.pitch import track_pitch
from partita.audio.pcm import INT16_SCALE
from partita.audio.quantizer import Quantizer
from partita.data.corpus import SPLITS, Corpus, Segment
from partita.data.from_classes import corpus_from_classes
from partita.data.index import DamagedIndexError, fingerprint
from partita.data.preparation import parallel
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.recording import prepare_recording
from partita.digests import add_digest
from partita.errors import PartitaError

CONFIG = PrepareConfig(sample_rate=8000)
HOP = 80
Tone = Callable[..., np.ndarray]


def all_segments(corpus: Corpus) -> list[Segment]:
    return [segment for split in SPLITS for segment in corpus.segments(split)]


def pitch_store(corpus: Corpus) -> Path:
    return corpus.path / str(corpus.index["pitch_store"])


def change_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1001] ^= 1
    path.write_bytes(data)


@pytest.fixture
def glides(tmp_path: Path, tone: Tone) -> Corpus:
    """Two recordings with silence inside; validation is cut out of the training stretches."""
    folder = tmp_path / "glides"
    folder.mkdir()
    for number in range(2):
        parts = [tone(6, pitch=300 + 40 * number), np.zeros(16000, np.float32), tone(4, pitch=500)]
        soundfile.write(folder / f"{number}.wav", np.concatenate(parts), 8000)
    rules = PrepareConfig(sample_rate=8000, test=("1*",), validation_seconds=2, gap=0.5)
    return prepare([folder], tmp_path / "glides-corpus", rules)


def test_pitch_at_frames_is_the_track_of_the_stretch(glides: Corpus) -> None:
    segments = glides.segments("test")
    assert glides.has_pitch and len(segments) == 2
    for segment in segments:
        sound = glides.samples[segment.offset : segment.offset + segment.length] / INT16_SCALE
        expected = track_pitch(sound, 8000, HOP)
        found = glides.pitch_at(segment, np.arange(len(expected)) * float(HOP))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[:-1], expected[:-1], atol=1e-3)
    assert glides.pitch_at(segments[0], np.array([20000.0]))[0, 0] == pytest.approx(64.54, abs=0.2)
    assert glides.pitch_at(segments[1], np.array([10000.0]))[0, 0] == pytest.approx(71.21, abs=0.2)


def test_a_segment_that_is_part_of_a_stretch_has_its_place_in_it(glides: Corpus) -> None:
    parts = glides.segments("train") + glides.segments("validation")
    whole = [length for _, length in glides.index["files"][0]["stretches"]]
    assert sorted(segment.length for segment in parts) != sorted(whole), "a stretch was divided"
    for segment in parts:
        stretch = 0 if segment.offset < whole[0] else 1
        inside = segment.offset - [0, whole[0]][stretch]
        like = Segment(
            recording=0, offset=[0, whole[0]][stretch], length=whole[stretch], source_start_s=0, split="train"
        )
        positions = np.linspace(0, segment.length - 1, 50)
        expected = glides.pitch_at(like, positions + inside)
        np.testing.assert_allclose(glides.pitch_at(segment, positions), expected, atol=1e-5)


def test_pitch_is_interpolated_and_held_at_the_ends(glides: Corpus) -> None:
    segment = glides.segments("test")[0]
    left, middle, right = glides.pitch_at(segment, np.array([800.0, 820.0, 880.0]))
    assert middle == pytest.approx(0.75 * left + 0.25 * right)
    outside = glides.pitch_at(segment, np.array([-1e9, -1, 0, segment.length - 1, segment.length, 1e9]))
    assert np.array_equal(outside[:3], outside[[2, 2, 2]]) and np.array_equal(outside[3:], outside[[3, 3, 3]])


def test_pitch_does_not_change_the_fingerprint_and_a_corpus_without_it_opens(corpus: Corpus) -> None:
    """An older version wrote the same index without the keys of pitch."""
    old = {key: value for key, value in corpus.index.items() if not key.startswith("pitch_")}
    old["files"] = [{k: v for k, v in file.items() if k != "pitch_digest"} for file in old["files"]]
    assert fingerprint(old) == corpus.fingerprint
    (corpus.path / "index.json").write_text(json.dumps(add_digest(old)))
    pitch_store(corpus).unlink()
    opened = Corpus.open(corpus.path)
    opened.verify()
    assert not opened.has_pitch
    with pytest.raises(PartitaError, match=r"has no pitch.*prepare the recordings again"):
        opened.pitch_at(opened.segments("train")[0], np.zeros(1))


def test_an_older_corpus_gets_pitch_when_it_is_prepared_again(corpus: Corpus, folder: Path) -> None:
    old: dict[str, Any] = {k: v for k, v in corpus.index.items() if not k.startswith("pitch_")}
    old["sound"] = {**old["sound"], "version": 4}
    (corpus.path / "index.json").write_text(json.dumps(add_digest(old)))
    pitch_store(corpus).unlink()
    again = prepare([folder], corpus.path, CONFIG)
    assert again.has_pitch and again.index == corpus.index
    assert {path.name for path in again.path.iterdir()} == own_files(again)


def test_a_corpus_of_generated_clips_has_no_pitch(tmp_path: Path) -> None:
    clips = np.random.default_rng(0).integers(256, size=(2, 500))
    made = corpus_from_classes(tmp_path / "c", {"train": clips}, sample_rate=8000, quantizer=Quantizer())
    assert not made.has_pitch and not Corpus.open(made.path).has_pitch
    assert len(list(made.path.iterdir())) == 2


def test_a_changed_byte_of_the_pitch_is_found_and_prepared_again(corpus: Corpus, folder: Path) -> None:
    whole = pitch_store(corpus).read_bytes()
    change_byte(pitch_store(corpus))
    with pytest.raises(
        PartitaError, match=r"f32 is damaged: the pitch of more/4_ann_0\.wav is not"
    ) as caught:
        Corpus.open(corpus.path).verify()
    assert "\n" not in str(caught.value) and str(caught.value).endswith("prepare the recordings again")
    again = prepare([folder], corpus.path, CONFIG)
    again.verify()
    assert pitch_store(again).read_bytes() == whole
    assert (
        f"more/4_ann_0.wav: prepared again, since {pitch_store(corpus)} was damaged"
        in again.index["warnings"]
    )


@pytest.mark.parametrize("fault", ["missing", "short", "link"])
def test_a_missing_short_or_linked_store_of_pitch_is_refused(
    corpus: Corpus, folder: Path, tmp_path: Path, fault: str
) -> None:
    store = pitch_store(corpus)
    whole = store.read_bytes()
    store.unlink()
    if fault == "short":
        store.write_bytes(whole[:-8])
    elif fault == "link":
        (tmp_path / "elsewhere").write_bytes(whole)
        store.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PartitaError, match="prepare the recordings again"):
        Corpus.open(corpus.path)
    again = prepare([folder], corpus.path, CONFIG)
    assert pitch_store(again).read_bytes() == whole and not pitch_store(again).is_symlink()
    assert again.index == corpus.index


def test_an_index_that_names_another_store_of_pitch_is_damaged(corpus: Corpus) -> None:
    index = {**corpus.index, "pitch_store": "pitch-0123456789ab.f32"}
    (corpus.path / "index.json").write_text(json.dumps(add_digest(index)))
    with pytest.raises(DamagedIndexError, match="`pitch_store`"):
        Corpus.open(corpus.path)


def test_a_second_prepare_keeps_the_pitch_of_unchanged_recordings(
    corpus: Corpus, folder: Path, tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []

    def spy(source: Path, *rest: Any) -> object:
        prepared.append(source.name)
        return prepare_recording(source, *rest)

    monkeypatch.setattr(parallel, "prepare_recording", spy)
    soundfile.write(folder / "0_new.wav", tone(3, pitch=900), 8000)
    (folder / "1_ann_1.wav").unlink()
    again = prepare([folder], corpus.path, CONFIG)
    assert prepared == ["0_new.wav"]
    fresh = prepare([folder], tmp_path / "fresh", CONFIG)
    assert pitch_store(again).read_bytes() == pitch_store(fresh).read_bytes()
    assert {path.name for path in again.path.iterdir()} == own_files(again)
    again.verify()
