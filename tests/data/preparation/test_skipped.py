"""Unusable files are skipped, each with a reason, and the other files are prepared."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_files import snapshot, stored_samples

from partita.audio.load import read_audio
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.etudes.render import write_etudes

Tone = Callable[..., np.ndarray]
PLAIN = PrepareConfig(sample_rate=8000, trim=False)
PEAK = 32767 * 10 ** (-1 / 20)


def bad_files(folder: Path, tone: Tone) -> dict[str, str]:
    """Write one file of every unusable kind; return {name: part of the reason}."""
    (folder / "empty.wav").write_bytes(b"")
    soundfile.write(folder / "no-samples.wav", np.zeros(0), 8000)
    soundfile.write(folder / "silent.flac", np.zeros(16000), 8000)
    soundfile.write(folder / "offset.wav", np.full(16000, 0.25), 8000)
    (folder / "text.mp3").write_text("this is no sound\n" * 100)
    soundfile.write(folder / "clipped.wav", np.clip(50 * tone(2), -1, 1), 8000)
    soundfile.write(folder / "blip.wav", tone(0.03), 8000)
    nan = tone(1)
    nan[5000] = np.nan
    soundfile.write(folder / "nan.wav", nan, 8000, subtype="FLOAT")
    inf = tone(1)
    inf[-1] = np.inf
    soundfile.write(folder / "inf.wav", inf, 44100, subtype="FLOAT")
    (folder / "headerless.raw").write_bytes(tone(1).tobytes())
    (folder / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    whole = folder / "whole.flac"
    soundfile.write(whole, np.random.default_rng(0).uniform(-0.5, 0.5, 80000), 8000)
    (folder / "cut.flac").write_bytes(whole.read_bytes()[:3000])
    whole.unlink()
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    return {
        "empty.wav": "empty",
        "no-samples.wav": "empty",
        "silent.flac": "silent",
        "offset.wav": "silent",
        "text.mp3": "not an audio file",
        "clipped.wav": "clipped through",
        "blip.wav": "too short",
        "nan.wav": "not finite",
        "inf.wav": "not finite",
        "headerless.raw": "without a header",
        "phone.m4a": "cut off or damaged",
        "gone.wav": "unreadable",
    }


def test_unusable_files_are_skipped_with_a_reason_and_the_others_are_prepared(
    folder: Path, tmp_path: Path, tone: Tone
) -> None:
    before = prepare([folder], tmp_path / "before", PLAIN)
    expected = bad_files(folder, tone)
    (folder / "cut.flac").unlink()
    (folder / "notes.csv").write_text("0,1,60\n")
    (folder / "LICENSE").write_text("as you like\n")
    expected |= {"notes.csv": "not audio", "LICENSE": "not audio"}
    (folder / ".hidden.wav").write_bytes(b"x")
    sources = snapshot(folder)
    corpus = prepare([folder], tmp_path / "c", PLAIN)
    skipped = {entry["source"]: entry["reason"] for entry in corpus.index["skipped"]}
    assert skipped.keys() == expected.keys()
    for name, word in expected.items():
        assert word in skipped[name]
        assert f"skipped {name}: " in corpus.summary()
    assert corpus.fingerprint == before.fingerprint
    assert snapshot(folder) == sources, "source files are unchanged"


def test_a_damaged_file_does_not_stop_the_others(tmp_path: Path, tone: Tone) -> None:
    bad_files(tmp_path, tone)
    soundfile.write(tmp_path / "good.wav", tone(4), 8000)
    corpus = prepare([tmp_path / "cut.flac", tmp_path / "good.wav"], tmp_path / "c", PLAIN)
    assert stored_samples(corpus, "good.wav").size


def test_a_file_that_is_given_directly_is_tried_with_any_suffix(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "0_ann_0.wav", tmp_path / "sound")
    (tmp_path / "notes.txt").write_text("no sound")
    index = prepare(
        [tmp_path / "sound", tmp_path / "notes.txt"], tmp_path / "c", PrepareConfig(gap=0.1)
    ).index
    assert {r["source"] for r in index["recordings"]} == {"sound"}
    assert [s["source"] for s in index["skipped"]] == ["notes.txt"]


def test_a_copy_of_a_recording_is_skipped(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "0_ann_0.wav", folder / "z copy.wav")
    for _ in range(2):
        index = prepare([folder, folder / "1_ann_1.wav"], tmp_path / "c", PLAIN).index
        assert index["skipped"] == [{"source": "z copy.wav", "reason": "the same bytes as 0_ann_0.wav"}]
    (folder / "0_ann_0.wav").unlink()
    index = prepare([folder], tmp_path / "c", PLAIN).index
    assert index["skipped"] == []
    assert "z copy.wav" in {r["source"] for r in index["recordings"]}


def test_the_same_sound_in_another_lossless_file_is_skipped(folder: Path, tmp_path: Path) -> None:
    sound, rate = soundfile.read(folder / "0_ann_0.wav", dtype="int16")
    soundfile.write(folder / "take.flac", sound, rate)
    for _ in range(2):
        index = prepare([folder], tmp_path / "c", PLAIN).index
        assert index["skipped"] == [{"source": "take.flac", "reason": "the same sound as 0_ann_0.wav"}]


@pytest.mark.parametrize("scale", [1.5, 32768.0])
def test_floats_beyond_full_scale_are_not_clipped(
    scale: float, folder: Path, tmp_path: Path, tone: Tone
) -> None:
    soundfile.write(folder / "loud.wav", scale * tone(3), 8000, subtype="FLOAT")
    corpus = prepare([folder], tmp_path / "c", PLAIN)
    assert not corpus.index["skipped"]
    assert abs(stored_samples(corpus, "loud.wav")).max() == round(PEAK)


@pytest.mark.parametrize("case", ["beyond", "spike", "lossy"])
def test_a_clipped_recording_is_skipped_in_every_format(
    case: str, folder: Path, tmp_path: Path, tone: Tone
) -> None:
    limit = 2 if case == "beyond" else 1
    sound = np.clip(50 * tone(3), -limit, limit)
    if case == "spike":
        sound[100] = 1.05
    if case == "lossy":  # the decoder exceeds the clipping level
        soundfile.write(folder / "loud.mp3", sound, 8000)
    else:
        soundfile.write(folder / "loud.wav", sound, 8000, subtype="FLOAT")
    assert "clipped through" in prepare([folder], tmp_path / "c", PLAIN).index["skipped"][0]["reason"]


def test_an_unreadable_folder_is_skipped_and_links_are_followed_once(
    folder: Path, tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    soundfile.write(elsewhere / "cello.wav", tone(3, pitch=150), 8000)
    (folder / "linked").symlink_to(elsewhere)
    (folder / "again").symlink_to(folder)
    (folder / "around").symlink_to(tmp_path)
    (folder / "a-link").symlink_to(folder / "more")
    (folder / "closed").mkdir()
    write_etudes(folder / "demo" / "recordings", count=1, seconds=2, sample_rate=8000, seed=0)
    scan = os.scandir

    def refuse(path: str | int) -> object:  # the tests may run as root, who may read every folder
        if isinstance(path, str) and Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    index = prepare([folder], tmp_path / "c", PLAIN).index
    assert {r["source"] for r in index["recordings"]} >= {"linked/cello.wav", "more/3_ann_1.wav"}
    assert len({r["source"] for r in index["recordings"]}) == 6
    assert [s["source"] for s in index["skipped"]] == ["closed", "demo/recordings"]
    made = prepare([folder / "demo" / "recordings"], tmp_path / "d", PrepareConfig(sample_rate=8000, gap=0))
    assert [r["source"] for r in made.index["recordings"][:1]] == ["etude-01.wav"]


def test_read_audio_refuses(tmp_path: Path, tone: Tone) -> None:
    names = bad_files(tmp_path, tone)
    for name in ("empty.wav", "no-samples.wav", "text.mp3", "nan.wav", "headerless.raw", "gone.wav"):
        assert name in names
        with pytest.raises(PartitaError, match=name):
            read_audio(tmp_path / name, 8000)


def test_a_file_with_an_implausible_sample_rate_is_skipped(folder: Path, tmp_path: Path) -> None:
    soundfile.write(folder / "slow.wav", np.full(4000, 0.5, np.float32), 7)
    skipped = prepare([folder], tmp_path / "c", PLAIN).index["skipped"]
    assert [entry["source"] for entry in skipped] == ["slow.wav"]
    assert "7 Hz" in skipped[0]["reason"]
