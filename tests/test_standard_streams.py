"""Closed, full or unread standard streams: commands end with the right status and write nothing elsewhere."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.cli.main import main
from partita.standard_streams import NullStream

RATE = 8000
PARTITA = f"{sys.executable} -m partita"
ON_LINUX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["/bin/bash", "-c", line], cwd=folder, capture_output=True, check=False)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(1, 5):
        tone = 0.5 * np.sin(np.arange(3 * RATE) * 0.1 * number)
        soundfile.write(tmp_path / "in" / f"take-{number}.wav", tone, RATE)
    (tmp_path / "in" / "bad.wav").write_bytes(b"no sound")  # causes a message
    return tmp_path


@ON_LINUX
@pytest.mark.parametrize(
    ("streams", "status", "message"),
    [
        (">&-", 0, b"skipped bad.wav"),  # regression: AttributeError
        ("2>&-", 0, b""),
        ("<&- >&- 2>&-", 0, b""),
        ("2>/dev/full", 0, b""),
        ("2> >(true)", 0, b""),
        (
            ">/dev/full",
            2,
            b"standard output can't be written to (No space left on device): send it elsewhere",
        ),
    ],
)
def test_prepare_with_broken_streams(recordings: Path, streams: str, status: int, message: bytes) -> None:
    done = shell(f"{PARTITA} prepare in --out c --sample-rate {RATE} {streams}", recordings)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert (recordings / "c" / "index.json").is_file()


@ON_LINUX
@pytest.mark.parametrize(
    ("words", "streams", "status", "lines"),
    [
        ("--help", ">/dev/full", 2, 1),
        ("--help", ">&-", 0, 0),
        ("prepare --help", ">/dev/full", 2, 1),
        ("prepare --help", ">&-", 0, 0),
        ("prepare nowhere --out c", "2>/dev/full", 2, 0),
        ("prepare nowhere --out c", "2>&-", 2, 0),
        ("generate r --seconds 1 --out -", ">&-", 2, 1),
    ],
)
def test_statuses_with_broken_streams(
    tmp_path: Path, words: str, streams: str, status: int, lines: int
) -> None:
    done = shell(f"{PARTITA} {words} {streams}", tmp_path)
    assert (done.returncode, done.stderr.count(b"\n")) == (status, lines), done.stderr
    assert done.stdout == b""


def test_messages_are_not_written_into_files_opened_later(tmp_path: Path) -> None:
    # regression: with `2>&-` the next file got the descriptor of standard error and its messages
    code = (
        "import os, sys\n"
        "from partita.standard_streams import prepare_standard_streams\n"
        "from partita.terminal import print_line, print_note\n"
        "prepare_standard_streams()\n"
        "sound = open('sound', 'wb')\n"
        "assert sound.fileno() > 2\n"
        "sound.write(b'RIFF'); print_note('a note'); print_line('a line'); sys.stderr.write('more')\n"
        "assert os.get_inheritable(2)\n"
    )
    (tmp_path / "code.py").write_text(code)
    for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = shell(f"{sys.executable} code.py {closed}", tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "sound").read_bytes() == b"RIFF"


@pytest.mark.slow  # it trains, and compiles the sampler in a process of its own
def test_sound_on_standard_output_contains_no_text(recordings: Path) -> None:
    corpus, run = str(recordings / "c"), str(recordings / "r")
    assert main(["prepare", str(recordings / "in"), "--out", corpus, "--sample-rate", str(RATE)]) == 0
    tiny = ["--size", "tiny", "--steps", "1", "--targets", "256", "--batch", "1", "--preview-clips", "0"]
    assert main(["train", corpus, "--out", run, *tiny, "--no-tensorboard"]) == 0
    done = shell(f"{PARTITA} generate r --seconds 0.2 --out - 2>&- > s.wav", recordings)
    assert done.returncode == 0
    assert (recordings / "s.wav").stat().st_size == 44 + 2 * round(0.2 * RATE)
    again = shell(f"{PARTITA} train c --out r2 {' '.join(tiny)} 2>&-", recordings)
    assert (again.returncode, again.stdout) == (0, b"r2\n")


def test_a_null_stream_accepts_all_text() -> None:
    with NullStream() as stream:
        assert stream.write("é\udce9") == 2
        assert not stream.isatty()


LIBRARY = """
import os, sys, threading
from partita.standard_streams import prepare_standard_streams, suppress_library_messages
prepare_standard_streams()

def write():
    with suppress_library_messages():
        os.write(2, b"a library\\n")
        os.write(sys.stderr.fileno(), b"shown\\n")  # in one call, so that lines of threads stay whole

threads = [threading.Thread(target=write) for _ in range(8)]
with suppress_library_messages():
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    try:
        with suppress_library_messages():
            raise RuntimeError
    except RuntimeError:
        pass
    os.write(2, b"a library\\n")
os.write(2, b"after\\n")
print("shown", file=sys.stderr)
print(len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 4)
"""


def test_only_messages_of_libraries_are_suppressed() -> None:
    done = subprocess.run([sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [*["shown"] * 8, "after", "shown"]
    assert done.stdout == "4\n", "open descriptors: the standard streams and the listed folder"


def test_prepare_prints_no_messages_of_libraries(recordings: Path) -> None:
    (recordings / "in" / "random.mp3").write_bytes(np.random.default_rng(0).bytes(80000))
    done = shell(f"{PARTITA} prepare in --out c --sample-rate {RATE}", recordings)
    lines = done.stderr.decode().splitlines()
    assert any(line.startswith("skipped random.mp3: not an audio file, or cut off") for line in lines)
    assert all(
        line.startswith(("skipped ", "warning: ")) for line in lines
    )  # regression: messages of libmpg123
