"""Pipes and devices are written to, and never replaced by a file."""

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.sampling.output.devices import is_stream, open_stream, stdout_descriptor


def test_a_terminal_and_a_closed_stream_are_refused() -> None:
    master, slave = os.openpty()
    with closing(os.fdopen(slave, "w")) as terminal, pytest.raises(PartitaError, match="is a terminal"):
        stdout_descriptor(terminal)
    os.close(master)
    with pytest.raises(PartitaError, match="is closed"):
        stdout_descriptor(None)


def test_what_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "out").symlink_to("/dev/stdout")
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "link", "out"):
        assert is_stream(str(tmp_path / name)), name
    for name in ("file", "loop", "new", ""):
        assert not is_stream(str(tmp_path / name)), name
    assert is_stream("/dev/stdout") and is_stream("/dev/fd/1") and is_stream("/proc/self/fd/1")


@pytest.mark.parametrize("late", [False, True])
def test_a_named_pipe_is_written_to_and_stays(tmp_path: Path, late: bool) -> None:
    pipe, received, news = tmp_path / "pipe", [], []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))

    def waiting() -> None:
        news.append("waiting")
        reader.start()

    if not late:
        reader.start()
        while not news:  # a reader that waits is there when a writer may open
            try:
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            news.append("there")
            reader.join()
        received.clear()
        reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
        reader.start()
    with open_stream(str(pipe), waiting=waiting if late else None) as descriptor:
        assert os.get_blocking(descriptor)
        os.write(descriptor, b"abc")
    reader.join(timeout=10)
    assert received == [b"abc"]
    assert pipe.is_fifo()


def test_a_descriptor_keeps_its_position(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb", buffering=0) as file:
        file.write(b"begun ")
        with open_stream(f"/dev/fd/{file.fileno()}") as descriptor:
            os.write(descriptor, b"abc")
        file.write(b" on")
    assert path.read_text() == "begun abc on"


def test_what_cannot_be_written_to() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(PartitaError, match="open for reading only"), open_stream(f"/dev/fd/{reading}"):
        raise AssertionError("not reached")
    os.close(reading)
    with pytest.raises(PartitaError, match="Bad file descriptor"), open_stream(f"/dev/fd/{reading}"):
        raise AssertionError("not reached")
    master, slave = os.openpty()
    with pytest.raises(PartitaError, match="is a terminal"), open_stream(os.ttyname(slave)):
        raise AssertionError("not reached")
    os.close(master)
    os.close(slave)
