"""Real recordings are prepared, if the environment names a folder of them."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from partita.audio.load import read_audio
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.prompts import prompts

VIOLIN = PrepareConfig(
    test=("*bwv1002_mov8*", "*bwv1003_mov3*"), validation_seconds=60, trim=False, peak_dbfs=-0.9
)


@pytest.fixture(scope="module")
def violin(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = Path(os.environ.get("PARTITA_RECORDINGS", "")) / "bach-violin"
    if not os.environ.get("PARTITA_RECORDINGS") or not folder.is_dir():
        pytest.skip("PARTITA_RECORDINGS names no folder with bach-violin")
    return prepare([folder], tmp_path_factory.mktemp("violin") / "c", VIOLIN)


def test_five_movements_are_prepared_and_split_by_pattern(violin: Corpus) -> None:
    skipped = {Path(entry["source"]).name for entry in violin.index["skipped"]}
    assert all(name == "LICENSE" or name.endswith(".notes.csv") for name in skipped)
    assert {r["source"] for r in violin.index["recordings"] if r["split"] == "test"} == {
        "john-garner/john-garner_bwv1002_mov8.mp3",
        "minji-kim/minji-kim_bwv1003_mov3.opus",
    }
    assert violin.seconds("validation") == 60
    assert sum(violin.seconds(s) for s in ("train", "validation", "test")) == pytest.approx(
        775.4 - 1, abs=0.2
    )
    for recording in violin.index["recordings"]:
        for s in recording["segments"]:
            sound = violin.samples[s["offset"] : s["offset"] + s["length"]].astype(float)
            assert np.abs(sound).max() <= round(32767 * 10 ** (-0.9 / 20))


@pytest.mark.parametrize("name", ["john-garner_bwv1002_mov8.mp3", "minji-kim_bwv1003_mov3.opus"])
def test_decoding_in_blocks_equals_decoding_at_once(violin: Corpus, name: str) -> None:
    (path,) = Path(violin.index["root"]).rglob(name)
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    whole = soxr.resample(sound.mean(axis=1), rate, 16000, quality="HQ")
    blocks = read_audio(path, 16000)
    assert len(blocks) == len(whole)
    assert np.abs(blocks - whole).max() < 1e-5


def test_trimming_removes_only_silence(violin: Corpus, tmp_path: Path) -> None:
    trimmed = prepare([Path(violin.index["root"]) / "john-garner"], tmp_path / "c", PrepareConfig())
    whole = sum(f["stretches"][0][1] for f in violin.index["files"] if f["source"].endswith(".mp3"))
    kept = sum(length for f in trimmed.index["files"] for _, length in f["stretches"])
    assert 0.95 < kept / whole < 0.99
    clips = prompts(trimmed, "test", count=4, length=4000, seed=0, quantizer=Quantizer())
    assert (np.abs(Quantizer().decode(clips)).max(axis=1) > 0.03).all()


def test_labels_are_read_from_file_names_of_spoken_digits(real_recordings: Path, tmp_path: Path) -> None:
    files = sorted((real_recordings / "spoken-digits").glob("*_1*.wav"))[::6]
    if not files:
        pytest.skip("PARTITA_RECORDINGS has no spoken-digits")
    config = PrepareConfig(sample_rate=8000, labels="{digit}_{speaker}_{take}", test=("*_theo_*",))
    corpus = prepare(files, tmp_path / "c", config)
    assert {r["label"]["speaker"] for r in corpus.index["recordings"] if r["split"] == "test"} == {"theo"}
    assert len({r["label"]["digit"] for r in corpus.index["recordings"]}) > 3
    assert not corpus.index["skipped"]
