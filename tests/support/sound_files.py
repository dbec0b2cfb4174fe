"""Helpers: the bytes of sound files, what they decode to, and a limit on the size of files."""

import io
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from partita.audio.decoding import Decoder

RATE = 16000


def encoded(sound: np.ndarray, name: str, rate: int = RATE, **how: str) -> bytes:
    """Return the bytes of a sound file in a format of libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=name, **how)
    return file.getvalue()


def decoded_file(path: Path, rate: int = RATE) -> tuple[np.ndarray, str | None]:
    """Return the sound of a file and the note on it."""
    decoder = Decoder(path, rate)
    return np.concatenate([*decoder, np.zeros(0, np.float32)]), decoder.note


def decoded(path: Path, data: bytes, rate: int = RATE) -> tuple[np.ndarray, str | None]:
    """Write bytes to a file; return its sound and the note on it."""
    path.write_bytes(data)
    return decoded_file(path, rate)


def seconds(path: Path, data: bytes, rate: int = RATE) -> tuple[float, str | None]:
    """Write bytes to a file; return the length of its sound in seconds and the note on it."""
    sound, note = decoded(path, data, rate)
    return len(sound) / rate, note


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: a write then fails as on a full disk."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
