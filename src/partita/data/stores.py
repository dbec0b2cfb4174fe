"""The stores of a corpus: plain arrays in files beside the index, named after their content.

The samples are 16-bit, little endian, mono. The pitch, which a corpus may lack, has two 32-bit floats a
frame. A corpus of generated clips can hold all features of its frames in place of the pitch, those that the
clips were drawn with. This module does not read the index from its file, and it writes nothing.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import PITCH_COLUMNS
from partita.digests import new_samples_hash
from partita.errors import PartitaError

STORE_NAME = re.compile(r"samples-[0-9a-f]{12}\.i16|pitch-[0-9a-f]{12}\.f32")
SAMPLE_BYTES, FLOAT_BYTES = 2, 4
BLOCK = 1 << 20  # items hashed at once
FLAGS = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # refuse a link; do not wait for a pipe's writer
OPEN_FLAGS = sum(getattr(os, name, 0) for name in FLAGS)


def store_name(samples_digests: list[str]) -> str:
    """Return the file name of the store of samples, which depends on its content.

    Args:
        samples_digests: digest of the samples of every file, in order; an empty string for a skipped file.

    >>> store_name(["ab", "", "cd"])
    'samples-88d4266fd4e6.i16'
    """
    return f"samples-{_short_digest(samples_digests)}.i16"


def pitch_store_name(pitch_digests: list[str]) -> str:
    """Return the file name of the store of pitch, which depends on its content.

    Args:
        pitch_digests: digest of the pitch of every file, in order; an empty string for a skipped file.

    >>> pitch_store_name(["ab", "", "cd"])
    'pitch-88d4266fd4e6.f32'
    """
    return f"pitch-{_short_digest(pitch_digests)}.f32"


def count_frames(stretches: Iterable[tuple[int, int]], hop_length: int) -> int:
    """Return the number of frames of pitch that stretches have; each has one at its first sample.

    Args:
        stretches: (start, length) in samples.
        hop_length: samples from one frame to the next.

    >>> count_frames([(0, 320), (1000, 5)], 160)
    4
    """
    return sum(length // hop_length + 1 for _, length in stretches)


def frame_columns(index: dict[str, Any]) -> int:
    """Return how many numbers the store of pitch has for each frame: 2, or all features of the frame.

    Args:
        index: the content of an `index.json`.

    >>> frame_columns({}), frame_columns({"feature_columns": 34})
    (2, 34)
    """
    return int(index.get("feature_columns", PITCH_COLUMNS))


def store_items(index: dict[str, Any]) -> dict[str, int]:
    """Return {name: number of samples, or of numbers of pitch} of the stores that an index names.

    Args:
        index: the content of an `index.json`.

    >>> store_items({"store": "samples-88d4266fd4e6.i16", "samples": 7})
    {'samples-88d4266fd4e6.i16': 7}
    """
    items = {index["store"]: index["samples"]}
    if "pitch_store" in index:
        files = [file["stretches"] for file in index["files"] if file["reason"] is None]
        hop_length = index["pitch_hop_length"]
        frames = sum(count_frames(stretches, hop_length) for stretches in files)
        items[index["pitch_store"]] = frames * frame_columns(index)
    return items


def store_bytes(name: str, items: int) -> int:
    """Return the size of a store with this number of samples, or of numbers of pitch, in bytes.

    >>> store_bytes("samples-88d4266fd4e6.i16", 3), store_bytes("pitch-88d4266fd4e6.f32", 3)
    (6, 12)
    """
    return items * (FLOAT_BYTES if name.startswith("pitch-") else SAMPLE_BYTES)


def samples_digest(
    samples: NDArray[Any], offset: int, length: int, stop: Callable[[], bool] = lambda: False
) -> str:
    """Return the digest of a recording's samples, or of its pitch, that the index holds.

    Args:
        samples: (samples,) int16, or (frames, 2) float32, the store.
        offset: first sample or frame of the recording.
        length: number of its samples or frames.
        stop: called before each block; when it returns True, the remaining ones are left out.

    >>> samples_digest(np.zeros(4, np.int16), 0, 0)
    'cae66941d9efbd404e4d88758ea67670'
    """
    digest = new_samples_hash()
    for start in range(offset, offset + length, BLOCK):
        if stop():
            break
        digest.update(samples[start : min(start + BLOCK, offset + length)].data)
    return digest.hexdigest()


def map_store(store: Path, size: int, dtype: str, *, remedy: str) -> NDArray[Any]:
    """Map a store, read-only.

    Args:
        store: the file.
        size: its size by the index, bytes.
        dtype: of its items.
        remedy: what the user can do, for error messages.

    Raises:
        PartitaError: it is missing, is no regular file, or has another size.

    >>> map_store(Path("/nowhere"), 2, "<i2", remedy="prepare again")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: /nowhere is missing: prepare again
    """
    try:
        handle = os.open(store, OPEN_FLAGS)
    except FileNotFoundError:
        raise PartitaError(f"{store} is missing: {remedy}") from None
    except OSError as error:
        link = store.is_symlink()
        reason = "it is a link, must be a file in the corpus folder" if link else error.strerror
        raise PartitaError(f"{store} can't be read ({reason}): {remedy}") from error
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        found = facts.st_size if stat.S_ISREG(facts.st_mode) else 0
        if found != size:
            raise PartitaError(f"{store} has {found} bytes, must have {size} by index.json: {remedy}")
        return np.memmap(file, dtype=dtype, mode="r")


def _short_digest(digests: list[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:12]
