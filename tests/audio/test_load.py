"""A recording is read from a file or a pipe; its end needs little memory, and is the same to the last bit."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.load import COPY_NAME, read_audio, seekable_file
from partita.errors import PartitaError

Tone = Callable[..., np.ndarray]
PEAK = """
import sys
from partita.benchmarks.corpus import peak_bytes
from partita.audio.load import read_audio
before = peak_bytes()
assert len(read_audio(sys.argv[1], 16000, last_samples=5000)) == 5000
print((peak_bytes() - before) >> 20)
"""


@pytest.mark.parametrize("rate", [8000, 11025])
@pytest.mark.parametrize("samples", [1, 1000, 10_000_000])
def test_the_end_equals_the_end_of_the_whole(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch, rate: int, samples: int
) -> None:
    monkeypatch.setattr("partita.audio.formats.libsndfile.BLOCK_VALUES", 3000)
    soundfile.write(tmp_path / "a.flac", tone(9, rate), rate)
    whole = read_audio(tmp_path / "a.flac", 8000)
    end = read_audio(tmp_path / "a.flac", 8000, last_samples=samples)
    np.testing.assert_array_equal(end, whole[-samples:])


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    minute = (0.2 * np.sin(2 * np.pi * 440 * np.arange(960_000) / 16000)).astype(np.float32)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 16000, 1, "PCM_16") as file:
        for _ in range(30):
            file.write(minute)
    command = [sys.executable, "-c", PEAK, str(tmp_path / "long.wav")]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 30, "MiB; the whole of it takes 110"


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_pipe_gives_the_same_sound_as_the_file(tmp_path: Path, suffix: str) -> None:
    path, pipe = tmp_path / f"take.{suffix}", tmp_path / "pipe"
    soundfile.write(path, 0.3 * np.sin(0.1 * np.arange(30_000)), 16_000)
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    piped = read_audio(pipe, 16_000)
    writer.join()
    assert (piped == read_audio(path, 16_000)).all()
    assert pipe.is_fifo()


def test_an_open_descriptor_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.5), 16_000)
    reading, writing = os.pipe()
    os.write(writing, (tmp_path / "a.wav").read_bytes())
    os.close(writing)
    assert len(read_audio(f"/dev/fd/{reading}", 16_000)) == 100
    os.close(reading)


def test_the_copy_is_removed_and_so_are_those_of_killed_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f".{COPY_NAME}.0123abcd.part"
    left.write_bytes(b"RIFF")
    with seekable_file(Path(os.devnull)) as path:
        assert path.read_bytes() == b""
        assert list(tmp_path.iterdir()) == [path]
        with seekable_file(Path(os.devnull)) as other:  # a second one does not remove the first
            assert path.exists() and other != path
    assert not any(tmp_path.iterdir())


def test_endless_sources_and_terminals_are_refused() -> None:
    zero = Path("/dev/zero")
    with (
        pytest.raises(PartitaError, match=r"/dev/zero gives more than 1 MiB"),
        seekable_file(zero, max_bytes=1 << 20),
    ):
        raise AssertionError("not reached")
    master, slave = os.openpty()
    with pytest.raises(PartitaError, match="is a terminal"), seekable_file(Path(os.ttyname(slave))):
        raise AssertionError("not reached")
    os.close(master)
    os.close(slave)


def test_a_pipe_without_sound_is_refused() -> None:
    with pytest.raises(PartitaError, match="/dev/null can't be used"):
        read_audio(os.devnull, 16_000)
