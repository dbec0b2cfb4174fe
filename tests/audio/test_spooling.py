"""A prompt may come through a pipe; nothing endless fills the disk."""

import os
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.load import read_audio
from partita.audio.spooling import COPY, seekable
from partita.errors import PartitaError


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_pipe_gives_what_the_file_does(tmp_path: Path, suffix: str) -> None:
    path, pipe = tmp_path / f"take.{suffix}", tmp_path / "pipe"
    soundfile.write(path, 0.3 * np.sin(0.1 * np.arange(30_000)), 16_000)
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    heard = read_audio(pipe, 16_000)
    writer.join()
    assert (heard == read_audio(path, 16_000)).all()
    assert pipe.is_fifo()


def test_an_open_descriptor_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.5), 16_000)
    reading, writing = os.pipe()
    os.write(writing, (tmp_path / "a.wav").read_bytes())
    os.close(writing)
    assert len(read_audio(f"/dev/fd/{reading}", 16_000)) == 100
    os.close(reading)


def test_the_copy_is_gone_afterwards_and_so_are_those_of_killed_processes(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f".{COPY}.0123abcd.part"
    left.write_bytes(b"RIFF")
    with seekable(Path(os.devnull)) as path:
        assert path.read_bytes() == b""
        assert list(tmp_path.iterdir()) == [path]
        with seekable(Path(os.devnull)) as other:  # two at once leave each other alone
            assert path.exists() and other != path
    assert not any(tmp_path.iterdir())


def test_endless_sources_and_terminals_are_refused() -> None:
    zero = Path("/dev/zero")
    with (
        pytest.raises(PartitaError, match=r"/dev/zero gives more than 1 MiB"),
        seekable(zero, most_bytes=1 << 20),
    ):
        raise AssertionError("not reached")
    master, slave = os.openpty()
    with pytest.raises(PartitaError, match="is a terminal"), seekable(Path(os.ttyname(slave))):
        raise AssertionError("not reached")
    os.close(master)
    os.close(slave)


def test_a_pipe_without_sound_is_one_line() -> None:
    with pytest.raises(PartitaError, match="/dev/null can't be used"):
        read_audio(os.devnull, 16_000)
