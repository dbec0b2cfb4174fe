"""Sound is written to a pipe block by block, and ends without an error when the reader or the user stops."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.pcm import fade_out
from partita.audio.wav import UNKNOWN_SIZE, wav_header
from partita.audio.writing import write_all
from partita.errors import PartitaError
from partita.sampling.output.clip_files import FADE_SECONDS, write_clips
from partita.sampling.output.pipe import Form, write_pipe
from partita.sampling.output.plan import plan_outputs
from partita.sampling.output.provenance import clip_comment

RATE = 1000
FADED = round(FADE_SECONDS * RATE)
HEADER = len(wav_header(RATE, None, clip_comment()))


def noise(*lengths: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.uniform(-1.1, 1.1, (1, length)) for length in lengths]


def read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def samples_of(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<i2")


@pytest.mark.parametrize("lengths", [(500,), (1, 499), (256, 200, 44)])
def test_the_bytes_are_those_of_the_file(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    whole = noise(500)[0]
    blocks = np.split(whole, np.cumsum(lengths)[:-1], axis=1)
    write_clips(blocks, plan_outputs(tmp_path / "a.wav", 1), sample_rate=RATE)
    starts: dict[Form, int] = {"wav": 0, "raw": HEADER}
    for form, start in starts.items():
        reading, writing = os.pipe()
        written = write_pipe(blocks, writing, sample_rate=RATE, samples=500, form=form)
        os.close(writing)
        assert read_all(reading) == (tmp_path / "a.wav").read_bytes()[start:]
        assert written.paths == []
        assert written.seconds == 0.5
        assert not written.interrupted


@pytest.mark.parametrize("samples", [None, 1 << 31])
def test_a_length_that_is_not_known_or_too_great(tmp_path: Path, samples: int | None) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        write_pipe(noise(300), file.fileno(), sample_rate=RATE, samples=samples)
    data = (tmp_path / "a.wav").read_bytes()
    assert data[4:8] == data[HEADER - 4 : HEADER] == UNKNOWN_SIZE.to_bytes(4, "little")
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 300


def test_each_block_is_written_before_the_next_is_drawn() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    seen: list[int] = []

    def blocks() -> Iterator[np.ndarray]:
        seen.append(len(os.read(reading, 9999)))  # the header is there before anything is drawn
        for length in (3, 5, 7):
            yield np.zeros((1, length))
            seen.append(len(os.read(reading, 9999)))

    done: list[int] = []
    write_pipe(blocks(), writing, sample_rate=RATE, samples=None, progress=done.append)
    os.close(reading)
    os.close(writing)
    assert seen == [HEADER, 6, 10, 14]
    assert done == [3, 8, 15]


def test_a_reader_that_closes_the_pipe_ends_it_without_an_error() -> None:
    reading, writing = os.pipe()
    drawn = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal drawn
        while True:
            drawn += 1
            if drawn == 4:
                os.close(reading)
            yield np.zeros((1, 10))

    written = write_pipe(blocks(), writing, sample_rate=RATE, samples=None)
    os.close(writing)
    assert drawn == 4
    assert written.seconds == 0.03
    assert not written.interrupted


def test_a_pipe_without_a_reader() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    written = write_pipe(noise(10), writing, sample_rate=RATE, samples=10)
    os.close(writing)
    assert written.seconds == 0.0
    assert not written.interrupted


@pytest.mark.parametrize("blocking", [True, False])
def test_a_full_pipe_is_waited_for(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    data, got = np.random.default_rng(0).bytes(1_000_001), bytearray()

    def read() -> None:
        while piece := os.read(reading, 1237):
            got.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        write_all(pipe, data)
    reader.join()
    os.close(reading)
    assert bytes(got) == data


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("length", [1, 7, FADED, 500])
def test_ctrl_c_fades_the_sound_out(number: signal.Signals, length: int) -> None:
    reading, writing = os.pipe()

    def blocks() -> Iterator[np.ndarray]:
        while True:
            for time in range(0, 10**6, length):
                if time // length == 3:
                    signal.raise_signal(number)
                yield np.full((1, length), 0.5)

    written = write_pipe(blocks(), writing, sample_rate=RATE, samples=None, form="raw")
    os.close(writing)
    sound = samples_of(read_all(reading))
    assert written.interrupted
    assert written.seconds == len(sound) / RATE
    assert (sound[: 3 * length] == 16384).all()
    assert sound[3 * length :].tolist() == np.rint(16384 * fade_out(FADED)).tolist()


def test_ctrl_c_before_the_first_block_acts_at_once() -> None:
    reading, writing = os.pipe()

    def blocks() -> Iterator[np.ndarray]:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not reached")
        yield

    written = write_pipe(blocks(), writing, sample_rate=RATE, samples=None)
    os.close(writing)
    assert written.interrupted
    assert read_all(reading) == wav_header(RATE, None, clip_comment())


def test_a_second_ctrl_c_acts_at_once() -> None:
    reading, writing = os.pipe()

    def blocks() -> Iterator[np.ndarray]:
        yield np.zeros((1, 5))
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not reached")

    written = write_pipe(blocks(), writing, sample_rate=RATE, samples=None, form="raw")
    os.close(writing)
    assert written.interrupted
    assert len(read_all(reading)) == 10


def test_other_errors_pass(tmp_path: Path) -> None:
    def blocks() -> Iterator[np.ndarray]:
        yield np.zeros((1, 10))
        raise RuntimeError("broken")

    with (tmp_path / "a.wav").open("wb") as file, pytest.raises(RuntimeError, match="broken"):
        write_pipe(blocks(), file.fileno(), sample_rate=RATE, samples=100)
    for form in ("wav", "raw"):
        with (
            Path("/dev/full").open("wb") as file,
            pytest.raises(PartitaError, match=r"^the device can't be written: No space left on device: make"),
        ):
            write_pipe(noise(10), file.fileno(), sample_rate=RATE, samples=100, form=form, name="the device")


@pytest.mark.parametrize(("loudness", "silent"), [(1e-3, 1), (0.01, 0)])
def test_a_silent_stream_is_counted(loudness: float, silent: int) -> None:
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a file
        blocks = [np.full((1, 50), loudness)]
        found = write_pipe(blocks, nowhere.fileno(), sample_rate=100, samples=None)
    assert found.silent == silent
