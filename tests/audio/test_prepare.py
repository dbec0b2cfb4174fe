"""Recordings become a corpus: formats, levels, silence and where it was, what is skipped, what is touched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile

from partita.audio import work
from partita.audio.corpus import Corpus
from partita.audio.prepare import PrepareConfig, prepare
from partita.audio.reading import read_audio
from partita.errors import PartitaError

Tone = Callable[..., np.ndarray]
PLAIN = PrepareConfig(sample_rate=8000, trim=False)
PEAK = 32767 * 10 ** (-1 / 20)


def stored(corpus: Corpus, name: str) -> np.ndarray:
    """All kept samples of one recording."""
    parts = []
    for recording in corpus.index["recordings"]:
        if recording["source"] == name:
            parts += [corpus.samples[s["offset"] :][: s["length"]] for s in recording["segments"]]
    return np.concatenate(parts)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize(
    "case",
    [
        ("a.wav", "PCM_16", 8000, 1e-4),
        ("a.wav", "PCM_24", 44100, 2e-3),
        ("a.wav", "PCM_U8", 48000, 3e-2),
        ("a.wav", "FLOAT", 22050, 2e-3),
        ("a.wav", "DOUBLE", 96000, 2e-3),
        ("a.flac", "PCM_16", 44100, 2e-3),
        ("a.ogg", "VORBIS", 44100, 0.05),
        ("a.opus", "OPUS", 48000, 0.05),
        ("a.mp3", "MPEG_LAYER_III", 44100, 0.05),
        ("a.aiff", "PCM_16", 32000, 2e-3),
        ("a.aif", "PCM_24", 11025, 2e-3),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_and_aligned(
    tmp_path: Path, case: tuple[str, str, int, float], channels: int
) -> None:
    name, subtype, rate, error = case
    t = np.arange(rate * 3) / rate
    sound = np.sin(2 * np.pi * (300 + 100 * t) * t) * np.sin(np.pi * t / 3) ** 2  # a sweep shows any shift
    file_format = {".opus": "OGG", ".aif": "AIFF"}.get(Path(name).suffix)
    left_right = np.stack([0.3 * sound, 0.5 * sound][:channels], axis=1)
    soundfile.write(tmp_path / name, left_right, rate, subtype=subtype, format=file_format)
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=8000, trim=False, gap=0))
    got = stored(corpus, name) / PEAK
    u = np.arange(24000) / 8000
    expected = np.sin(2 * np.pi * (300 + 100 * u) * u) * np.sin(np.pi * u / 3) ** 2
    assert abs(len(got) - 24000) <= (0 if error < 0.05 else 1200)
    shortest = min(len(got), 24000)
    assert np.abs(got[:shortest] - expected[:shortest] / np.abs(expected).max()).max() < error + 3e-3


def test_level_offset_and_mix_by_hand(tmp_path: Path, tone: Tone) -> None:
    left, right = 0.01 * tone(4), 0.03 * tone(4, pitch=500)
    soundfile.write(tmp_path / "a.wav", np.stack([left + 0.2, right - 0.1], axis=1), 8000, subtype="FLOAT")
    config = PrepareConfig(sample_rate=8000, trim=False, gap=0, peak_dbfs=-6)
    got = stored(prepare([tmp_path], tmp_path / "c", config), "a.wav")
    mixed = (left.astype(float) + right) / 2
    mixed -= mixed.mean()
    expected = mixed / np.abs(mixed).max() * 32767 * 10 ** (-6 / 20)
    assert np.abs(got - expected).max() <= 1
    assert np.abs(got).max() == round(32767 * 10 ** (-6 / 20))


@pytest.mark.parametrize("rate", [44100, 48000, 11025, 8000])
def test_resampling_agrees_with_scipy(tmp_path: Path, rate: int) -> None:
    random = np.random.default_rng(0)
    sos = scipy.signal.butter(8, 2500, fs=rate, output="sos")
    sound = scipy.signal.sosfiltfilt(sos, random.standard_normal(rate * 2)) * np.hanning(rate * 2)
    soundfile.write(tmp_path / "a.wav", 0.5 * sound / np.abs(sound).max(), rate, subtype="FLOAT")
    got = read_audio(tmp_path / "a.wav", 8000)
    expected = scipy.signal.resample(0.5 * sound / np.abs(sound).max(), 16000)
    assert len(got) == 16000
    assert np.abs(got - expected).max() < 2e-3


def test_many_blocks_are_one_whole(tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "a.wav", tone(9, rate=11025), 11025, subtype="FLOAT")
    whole = stored(prepare([tmp_path], tmp_path / "one", PrepareConfig(sample_rate=8000)), "a.wav")
    monkeypatch.setattr("partita.audio.decoding.BLOCK_VALUES", 2048)
    monkeypatch.setattr("partita.audio.recording.IN_MEMORY", 10_000)
    monkeypatch.setattr("partita.audio.recording.BLOCK", 1000)
    blocks = stored(prepare([tmp_path / "a.wav"], tmp_path / "two", PrepareConfig(sample_rate=8000)), "a.wav")
    assert len(whole) == len(blocks)
    assert np.abs(whole.astype(int) - blocks).max() <= 1


def test_source_times_point_at_the_source_sound(tmp_path: Path) -> None:
    rate, clicks = 44100, (1.2, 4.75, 5.1, 9.3)
    sound = np.zeros(11 * rate)
    for number, second in enumerate(clicks):
        length = rate // 10
        t = np.arange(length) / rate
        sound[round(second * rate) :][:length] = (
            0.5 * np.sin(2 * np.pi * 700 * (number + 1) * t) * np.hanning(length)
        )
    soundfile.write(tmp_path / "a.wav", sound, rate)
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=16000, gap=0))
    segments = [s for split in ("train", "validation", "test") for s in corpus.segments(split)]
    rebuilt = np.zeros(11 * 16000)
    for s in segments:
        start = s.source_start_s * 16000
        assert start == pytest.approx(round(start), abs=1e-6)
        rebuilt[round(start) :][: s.length] = corpus.samples[s.offset :][: s.length]
    truth = scipy.signal.resample_poly(sound, 160, 441)
    truth *= PEAK / np.abs(truth).max()
    assert np.abs(rebuilt - truth).max() < 0.005 * 32767
    stretches = corpus.index["files"][0]["stretches"]
    starts = [start / 16000 for start, _ in stretches]
    assert starts == pytest.approx([1.1, 4.65, 9.2], abs=0.03), "4.75 and 5.1 are one stretch"
    kept = sum(length for _, length in stretches) / 16000
    assert kept == pytest.approx(0.3 + 0.65 + 0.3, abs=0.08)


def test_no_trim_keeps_silence(tmp_path: Path, tone: Tone) -> None:
    sound = np.concatenate([np.zeros(16000), tone(2), np.zeros(16000), tone(2)]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, 8000)
    for trim, seconds in ((False, 8.0), (True, 4.3)):
        config = PrepareConfig(sample_rate=8000, trim=trim, gap=0)
        index = prepare([tmp_path / "a.wav"], tmp_path / "c", config).index
        assert index["samples"] / 8000 == pytest.approx(seconds, abs=0.05)


def bad_files(folder: Path, tone: Tone) -> dict[str, str]:
    """Write one file of every unusable kind; return {name: a word of its reason}."""
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
        "headerless.raw": "headerless",
        "phone.m4a": "not supported",
        "gone.wav": "unreadable",
    }


def test_what_cannot_be_used_is_named_and_the_rest_is_made(folder: Path, tmp_path: Path, tone: Tone) -> None:
    before = prepare([folder], tmp_path / "before", PLAIN)
    expected = bad_files(folder, tone)
    (folder / "cut.flac").unlink()
    (folder / "notes.csv").write_text("0,1,60\n")
    (folder / "LICENSE").write_text("as you like\n")
    (folder / ".hidden.wav").write_bytes(b"x")
    sources = snapshot(folder)
    corpus = prepare([folder], tmp_path / "c", PLAIN)
    skipped = {entry["source"]: entry["reason"] for entry in corpus.index["skipped"]}
    assert skipped.keys() == expected.keys()
    for name, word in expected.items():
        assert word in skipped[name]
        assert f"skipped {name}: " in corpus.summary()
    assert corpus.fingerprint == before.fingerprint
    assert snapshot(folder) == sources, "sources are never written to"


def test_a_damaged_end_is_either_skipped_or_read_up_to_the_damage(tmp_path: Path, tone: Tone) -> None:
    bad_files(tmp_path, tone)
    soundfile.write(tmp_path / "good.wav", tone(4), 8000)
    corpus = prepare([tmp_path / "cut.flac", tmp_path / "good.wav"], tmp_path / "c", PLAIN)
    assert stored(corpus, "good.wav").size


def test_a_file_named_outright_is_tried_whatever_its_name(folder: Path, tmp_path: Path) -> None:
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


def test_no_training_window_touches_held_out_sound(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", tone(30), 8000)
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=8000, gap=1.5))
    assert corpus.index["gap"] == 1.5
    spans = {
        split: [(s.source_start_s, s.source_start_s + s.length / 8000) for s in corpus.segments(split)]
        for split in ("train", "validation", "test")
    }
    assert all(spans.values())
    for split, others in spans.items():
        for a, b in others:
            for other in spans.keys() - {split}:
                assert all(c - b >= 1.5 - 1e-9 or a - d >= 1.5 - 1e-9 for c, d in spans[other])


def test_running_again_touches_only_what_changed(
    folder: Path, tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    original = work.prepare_recording

    def spy(source: Path, *rest: object) -> object:
        prepared.append(source.name)
        return original(source, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "prepare_recording", spy)
    out = tmp_path / "c"
    (folder / "bad.wav").write_text("not sound")
    first = prepare([folder], out, PLAIN)
    assert len(prepared) == 6

    prepared.clear()
    before = snapshot(out)
    assert prepare([folder], out, PLAIN).index == first.index
    assert prepared == []
    assert snapshot(out) == before, "nothing changed, nothing is written"

    (folder / "0_ann_0.wav").rename(folder / "renamed.wav")
    os.utime(folder / "1_ann_1.wav", (1, 1))
    assert prepare([folder], out, PLAIN).index["samples"] == first.index["samples"]
    assert prepared == [], "the same bytes under another name or date"

    soundfile.write(folder / "2_ann_0.wav", tone(5, pitch=999), 8000)
    changed = prepare([folder], out, PLAIN)
    assert prepared == ["2_ann_0.wav"]
    assert changed.fingerprint != first.fingerprint
    fresh = prepare([folder], tmp_path / "fresh", PLAIN)
    assert fresh.fingerprint == changed.fingerprint
    assert np.array_equal(fresh.samples, changed.samples)

    prepared.clear()
    store = changed.store.stat().st_mtime_ns
    other = prepare([folder], out, PrepareConfig(sample_rate=8000, trim=False, test=("4*",)))
    assert prepared == []
    assert other.store.stat().st_mtime_ns == store, "other splits, the same samples"
    assert other.fingerprint != changed.fingerprint

    prepare([folder], out, PrepareConfig(sample_rate=8000, trim=False, peak_dbfs=-3))
    assert len(prepared) == 6
    assert len(list(out.iterdir())) == 2, "no old store is left"


def test_workers_do_not_change_the_corpus(folder: Path, tmp_path: Path) -> None:
    one = prepare([folder], tmp_path / "1", PrepareConfig(sample_rate=11025, workers=1))
    many = prepare([folder], tmp_path / "3", PrepareConfig(sample_rate=11025, workers=3))
    assert one.fingerprint == many.fingerprint
    assert np.array_equal(one.samples, many.samples)


def test_labels_and_globs_reach_the_index(folder: Path, tmp_path: Path) -> None:
    config = PrepareConfig(sample_rate=8000, labels="{digit}_{speaker}_{take}", test=("more/*",))
    index = prepare([folder], tmp_path / "c", config).index
    label = {r["source"]: r["label"] for r in index["recordings"]}
    assert label["more/3_ann_1.wav"] == {"digit": "3", "speaker": "ann", "take": "1"}
    assert {r["source"] for r in index["recordings"] if r["split"] == "test"} == {
        "more/3_ann_1.wav",
        "more/4_ann_0.wav",
    }
    with pytest.raises(PartitaError, match="fits no name"):
        prepare([folder], tmp_path / "c", PrepareConfig(sample_rate=8000, labels="{a}+{b}"))


def test_progress_reaches_the_whole(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[float, float, str]] = []
    prepare([folder], tmp_path / "c", PLAIN, progress=lambda *news: seen.append(news))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == pytest.approx(seen[-1][1])
    prepare([folder], tmp_path / "d", PLAIN, progress=True)
    assert capsys.readouterr().out == ""


def test_clear_errors(folder: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    (nothing / "a.wav").write_text("no")
    filled = tmp_path / "filled"
    filled.mkdir()
    (filled / "letter.txt").write_text("dear")
    cases = [
        ([tmp_path / "no"], tmp_path / "c", "does not exist"),
        ([], tmp_path / "c", "empty"),
        ([filled], tmp_path / "c", "no audio file"),
        ([nothing], tmp_path / "c", "no usable recording"),
        ([folder], filled, "is not a corpus"),
        ([folder], folder, "is not a corpus"),
        ([folder], filled / "letter.txt", "is a file"),
        ([folder], filled / "letter.txt" / "c", "letter.txt"),
    ]
    for recordings, out, message in cases:
        with pytest.raises(PartitaError, match=message) as caught:
            prepare(recordings, out, PLAIN)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "c").exists(), "nothing is left behind"
    assert (filled / "letter.txt").read_text() == "dear"


def test_an_output_folder_among_the_recordings_is_not_read(folder: Path) -> None:
    first = prepare([folder], folder / "corpus", PLAIN)
    again = prepare([folder], folder / "corpus", PLAIN)
    assert first.index == again.index


@pytest.mark.parametrize(
    "bad",
    [{"sample_rate": 0}, {"peak_dbfs": 1.0}, {"gap": -1.0}, {"workers": 0}, {"validation_seconds": 0.0}],
)
def test_config_refuses(bad: dict) -> None:
    with pytest.raises(PartitaError, match=next(iter(bad))):
        PrepareConfig(**bad)


def test_read_audio_refuses(tmp_path: Path, tone: Tone) -> None:
    names = bad_files(tmp_path, tone)
    for name in ("empty.wav", "no-samples.wav", "text.mp3", "nan.wav", "headerless.raw", "gone.wav"):
        assert name in names
        with pytest.raises(PartitaError, match=name):
            read_audio(tmp_path / name, 8000)


def test_preparing_needs_no_torch() -> None:
    code = "import sys, partita.audio.prepare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
