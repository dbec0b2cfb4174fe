"""Clips are written to files while they are drawn; after Ctrl-C the files hold what was drawn."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sound_files import file_size_limit

from partita.audio.output_formats import FORMATS
from partita.audio.writing import write_all
from partita.errors import PartitaError
from partita.sampling.output.clip_files import FADE_SECONDS, write_clips
from partita.sampling.output.plan import OutputPlan, clip_paths, plan_outputs
from partita.sampling.output.provenance import drawn_by_partita


def test_one_clip_is_a_file_and_several_a_folder(tmp_path: Path) -> None:
    blocks = [np.full((1, 100), 0.25)] * 3
    written = write_clips(blocks, plan_outputs(tmp_path / "new" / "a.wav", 1), sample_rate=1000)
    assert written.paths == [tmp_path / "new" / "a.wav"]
    assert written.seconds == 0.3
    assert written.times_real_time > 0
    assert not written.interrupted
    several = write_clips([np.zeros((3, 10))], plan_outputs(tmp_path / "many", 3), sample_rate=1000)
    assert [path.name for path in several.paths] == ["clip-01.wav", "clip-02.wav", "clip-03.wav"]
    assert soundfile.info(several.paths[2]).frames == 10


def test_ctrl_c_keeps_the_clips_and_fades_them_out(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.full((2, 500), 0.5)
        yield np.full((2, 500), 0.5)
        raise KeyboardInterrupt

    seen: list[int] = []
    plan = plan_outputs(tmp_path / "clips", 2)
    written = write_clips(blocks(), plan, sample_rate=1000, progress=seen.append)
    assert written.interrupted
    assert seen == [500, 1000]
    for path in written.paths:
        read, _ = soundfile.read(path, dtype="int16")
        faded = round(FADE_SECONDS * 1000)
        assert len(read) == 1000
        assert (read[:-faded] == 16384).all()
        assert read[-1] == 0


def test_interrupted_before_the_first_block(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        raise KeyboardInterrupt
        yield np.zeros((1, 1))

    (tmp_path / "a.wav").write_text("precious")
    written = write_clips(blocks(), plan_outputs(tmp_path / "a.wav", 1, force=True), sample_rate=1000)
    assert written.paths == []
    assert (tmp_path / "a.wav").read_text() == "precious"


def test_other_errors_pass_and_the_files_are_complete(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.zeros((1, 10))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        write_clips(blocks(), plan_outputs(tmp_path / "a.wav", 1), sample_rate=1000)
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 10


def test_files_and_folders_that_are_confused_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PartitaError, match="folder"):
        clip_paths(tmp_path / "file", 2)
    with pytest.raises(PartitaError, match="can't be made"):
        write_clips([], OutputPlan(paths=[tmp_path / "file" / "a.wav"]), sample_rate=1000)
    with pytest.raises(PartitaError, match="names a folder"):
        clip_paths(f"{tmp_path / 'file'}/", 1)


def test_one_clip_is_written_into_a_folder_that_exists_or_ends_with_a_slash(tmp_path: Path) -> None:
    assert clip_paths(tmp_path, 1) == [tmp_path / "clip-01.wav"]
    new = tmp_path / "new"
    assert clip_paths(new, 1) == [new]
    written = write_clips([np.zeros((1, 10))], plan_outputs(f"{new}/", 1), sample_rate=1000)
    assert written.paths == [new / "clip-01.wav"]


def test_silent_clips_are_counted(tmp_path: Path) -> None:
    quiet, tone = np.full(100, 1e-3), np.sin(np.arange(100))
    blocks = [np.stack([quiet, quiet, tone]), np.stack([quiet, 0.01 * tone, quiet])]
    written = write_clips(blocks, plan_outputs(tmp_path / "clips", 3), sample_rate=1000)
    assert written.silent == 1


TONE = 0.25 * np.sin(0.1 * np.arange(16_000))


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_decides_the_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    blocks = np.array_split(TONE[None], 7, axis=1)
    written = write_clips(blocks, plan_outputs(path, 1), sample_rate=16_000, seed=5)
    assert written.paths == [path]
    with soundfile.SoundFile(path) as sound:
        assert (sound.format, sound.subtype) == (FORMATS[suffix].name, FORMATS[suffix].subtype)
        assert (sound.frames, sound.samplerate, sound.channels) == (16_000, 16_000, 1)
        assert sound.copy_metadata()["comment"].endswith("seed 5")
        assert np.abs(sound.read() - TONE)[:-160].max() < 0.03  # libsndfile's Opus spoils the last 6 ms
    assert drawn_by_partita(path)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_complete_file_with_a_fade(
    tmp_path: Path, suffix: str, number: signal.Signals
) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield TONE[None, :8000]
        yield TONE[None, 8000:8010]  # shorter than the fade
        signal.raise_signal(number)
        raise AssertionError("not reached")

    path = tmp_path / f"a{suffix}"
    assert write_clips(blocks(), plan_outputs(path, 1), sample_rate=16_000).interrupted
    read, _ = soundfile.read(path)
    faded = round(FADE_SECONDS * 16_000)
    assert len(read) == 8010
    assert np.abs(read[: 8010 - faded] - TONE[: 8010 - faded]).max() < 0.03
    assert np.abs(read[-20:]).max() < 0.01 < np.abs(TONE[7990:8010]).max()


def test_a_signal_while_a_block_is_written_waits_for_all_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def writes(file: object, data: bytes) -> None:
        calls.append(len(data))
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
        write_all(file, data)

    monkeypatch.setattr("partita.audio.wav.write_all", writes)
    blocks = [np.full((3, 500), 0.5)] * 9
    written = write_clips(iter(blocks), plan_outputs(tmp_path / "clips", 3), sample_rate=1000)
    assert written.interrupted
    assert [soundfile.info(path).frames for path in written.paths] == [1000] * 3


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_text("precious")

    def blocks() -> Iterator[np.ndarray]:
        yield TONE[None]
        assert path.read_text() == "precious"

    write_clips(blocks(), plan_outputs(path, 1, force=True), sample_rate=16_000)
    assert soundfile.info(path).frames == len(TONE)


def test_each_clip_is_normalised_except_silent_ones(tmp_path: Path) -> None:
    loud = np.stack([TONE, 0.3 * TONE, 0.001 * TONE])
    blocks = np.array_split(loud, 5, axis=1)
    paths = write_clips(blocks, plan_outputs(tmp_path / "c", 3), sample_rate=16_000, normalise=True).paths
    assert all(drawn_by_partita(path) for path in paths)
    read = np.stack([soundfile.read(path)[0] for path in paths])
    peak = 10 ** (-1 / 20)
    assert np.abs(read).max(1) == pytest.approx([peak, peak, 0.00025], abs=1e-4)
    np.testing.assert_allclose(read[0], loud[0] * peak / 0.25, atol=1e-3)


def test_more_clips_than_files_that_can_be_open(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        for normalise in (False, True):
            out = tmp_path / str(normalise)
            blocks = [np.full((100, 20), 0.1)] * 2
            write_clips(blocks, plan_outputs(out, 100), sample_rate=1000, normalise=normalise)
            assert [soundfile.info(path).frames for path in out.iterdir()] == [40] * 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_unsupported_rate_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        raise AssertionError("not reached")
        yield

    with pytest.raises(PartitaError, match="only supports sample rates"):
        write_clips(blocks(), plan_outputs(tmp_path / "new" / "a.opus", 1), sample_rate=22_050)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_on_a_full_disk_keeps_the_blocks_before(tmp_path: Path, name: str) -> None:
    """A limit on the file's size stands in for a full disk."""
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 30_000))
    with (
        file_size_limit(70_000),
        pytest.raises(PartitaError, match=f"{name} can't be written: File too large: make room on"),
    ):
        write_clips([noise, noise], plan_outputs(tmp_path / name, 1), sample_rate=16_000)
    read, _ = soundfile.read(tmp_path / name)
    assert len(read) == 30_000
    assert [path.name for path in tmp_path.iterdir()] == [name]
