"""`prepare` makes a corpus of a folder: splits, labels, progress, errors, and what a second run changes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from corpus_files import IdentityQuantizer, snapshot

from partita.data.preparation import parallel
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.recording import prepare_recording
from partita.data.windows import TrainingWindows, every_window
from partita.errors import PartitaError

Tone = Callable[..., np.ndarray]
PLAIN = PrepareConfig(sample_rate=8000, trim=False)
PEAK = 32767 * 10 ** (-1 / 20)


def test_splits_of_one_recording_are_separated_by_the_gap(tmp_path: Path, tone: Tone) -> None:
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


def test_windows_of_a_recording_with_cut_silence_stay_in_their_split(tmp_path: Path) -> None:
    rate, seconds, gap = 8000, 48, 1.5
    n = np.arange(rate * seconds)
    sound = (0.1 + 0.8 * n / len(n)) * (1 - 2 * (n % 2))  # the size of a sample gives its time
    for silence in range(5, seconds, 6):
        sound[silence * rate : (silence + 2) * rate] = 0
    soundfile.write(tmp_path / "a.wav", sound, rate, subtype="FLOAT")
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=rate, gap=gap, peak_dbfs=0))
    assert len(corpus.segments("train")) >= 3
    peak = abs(sound).max()

    def times(row: np.ndarray) -> np.ndarray:
        sizes = abs(row[abs(row) > 1000].astype(np.float64)) / 32767 * peak
        found: np.ndarray = (sizes - 0.1) / 0.8 * seconds
        return found

    cut: dict[str, Any] = {"targets": 3000, "context": 500, "batch": 1, "quantizer": IdentityQuantizer()}
    stream = TrainingWindows(corpus, seed=0, **cut)
    rows = {"train": [stream.next().classes[0] for _ in range(2 * stream.batches_per_epoch)]}
    for split in ("validation", "test"):
        rows[split] = [batch.classes[0] for batch in every_window(corpus, split, **cut)]
    window_times = {split: [times(row) for row in found] for split, found in rows.items()}
    for windows in window_times.values():
        assert max(np.diff(window).max() for window in windows if len(window) > 1) < 0.3, (
            "a window crosses a cut"
        )
    all_times = {split: np.concatenate(windows) for split, windows in window_times.items()}
    for split, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        other_times = np.sort(all_times[other])
        places = np.searchsorted(other_times, all_times[split]).clip(1, len(other_times) - 1)
        nearest = np.minimum(
            abs(all_times[split] - other_times[places]), abs(all_times[split] - other_times[places - 1])
        )
        assert nearest.min() > gap - 0.05


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recordings that are decoded."""
    names: list[str] = []

    def spy(source: Path, *rest: Any) -> object:
        names.append(source.name)
        return prepare_recording(source, *rest)

    monkeypatch.setattr(parallel, "prepare_recording", spy)
    return names


def test_a_second_run_prepares_only_files_with_other_content(
    folder: Path, tmp_path: Path, prepared: list[str]
) -> None:
    out = tmp_path / "c"
    (folder / "bad.wav").write_text("not sound")
    first = prepare([folder], out, PLAIN)
    assert len(prepared) == 6

    prepared.clear()
    before = snapshot(out)
    assert prepare([folder], out, PLAIN).index == first.index
    assert prepared == []
    assert snapshot(out) == before, "nothing is written"

    twin = tmp_path / "twin"
    shutil.copytree(
        folder, twin
    )  # the same names, sizes and dates in another folder, and other sound in one file
    sound = np.frombuffer((twin / "0_ann_0.wav").read_bytes(), np.uint8).copy()
    sound[-2000:-1000:2] ^= 1
    (twin / "0_ann_0.wav").write_bytes(sound.tobytes())
    shutil.copystat(folder / "0_ann_0.wav", twin / "0_ann_0.wav")
    prepare([twin], out, PLAIN)
    assert prepared == ["0_ann_0.wav"]


def test_a_second_run_prepares_only_changed_recordings(
    folder: Path, tmp_path: Path, tone: Tone, prepared: list[str]
) -> None:
    out = tmp_path / "c"
    (folder / "bad.wav").write_text("not sound")
    first = prepare([folder], out, PLAIN)
    prepared.clear()

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
    assert other.store.stat().st_mtime_ns == store, "only the splits changed"
    assert other.fingerprint != changed.fingerprint

    prepare([folder], out, PrepareConfig(sample_rate=8000, trim=False, peak_dbfs=-3))
    assert len(prepared) == 6
    assert len(list(out.iterdir())) == 3, "the old stores are removed"


def test_the_number_of_workers_does_not_change_the_corpus(folder: Path, tmp_path: Path) -> None:
    one = prepare([folder], tmp_path / "1", PrepareConfig(sample_rate=11025, workers=1))
    many = prepare([folder], tmp_path / "3", PrepareConfig(sample_rate=11025, workers=3))
    assert one.fingerprint == many.fingerprint
    assert np.array_equal(one.samples, many.samples)


def test_the_index_holds_labels_and_chosen_splits(folder: Path, tmp_path: Path) -> None:
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


def test_progress_increases_to_the_total(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[float, float, str]] = []
    (folder / "phone.m4a").write_bytes(b"no sound" * 5000)
    prepare([folder], tmp_path / "c", PLAIN, progress=lambda *news: seen.append(news))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == pytest.approx(seen[-1][1])
    prepare([folder], tmp_path / "d", PLAIN, progress=True)
    assert capsys.readouterr().out == ""


def test_errors_are_one_line_and_leave_no_files(folder: Path, tmp_path: Path) -> None:
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
    assert not (tmp_path / "c").exists(), "no folder is left"
    assert (filled / "letter.txt").read_text() == "dear"


def test_an_output_folder_inside_the_recordings_is_not_searched(folder: Path) -> None:
    first = prepare([folder], folder / "corpus", PLAIN)
    again = prepare([folder], folder / "corpus", PLAIN)
    assert first.index == again.index


@pytest.mark.parametrize(
    "bad",
    [{"sample_rate": 0}, {"peak_dbfs": 1.0}, {"gap": -1.0}, {"workers": 0}, {"validation_seconds": 0.0}],
)
def test_config_refuses(bad: dict[str, Any]) -> None:
    with pytest.raises(PartitaError, match=next(iter(bad))):
        PrepareConfig(**bad)


def test_preparing_needs_no_torch() -> None:
    code = "import sys, partita.data.preparation.prepare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
