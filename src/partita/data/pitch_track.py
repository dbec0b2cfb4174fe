"""The pitch track of a corpus: pitch and periodicity about each 10 ms, for every stretch of its recordings.

The track was made by `prepare`. In a corpus of generated clips it can hold all features of the frames, of
which pitch and periodicity are the last. This module tracks no pitch; `audio.features.pitch` does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.data.index import REMEDY
from partita.data.stores import frame_columns, map_store, samples_digest, store_bytes, store_items
from partita.errors import PartitaError


class PitchTrack:
    """The pitch of all stretches of a corpus, memory-mapped.

    Args:
        path: the corpus folder.
        index: the content of its `index.json`, which names a store of pitch.

    Raises:
        PartitaError: the store of pitch is missing, is a link, or has another size than the index states.
    """

    def __init__(self, path: Path, index: dict[str, Any]) -> None:
        name = index["pitch_store"]
        self._store, self._hop_length = path / name, int(index["pitch_hop_length"])
        size = store_bytes(name, store_items(index)[name])
        self._frames = map_store(self._store, size, "<f4", remedy=REMEDY).reshape(-1, frame_columns(index))
        files = [file for file in index["files"] if file["reason"] is None]
        lengths = [length for file in files for _, length in file["stretches"]]
        counts = [length // self._hop_length + 1 for length in lengths]
        self._starts = np.cumsum([0, *lengths])  # first sample of each stretch in the store, and the end
        self._firsts = np.cumsum([0, *counts])  # first frame of each stretch, and the end

    def at(self, offset: int, length: int, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return pitch and periodicity, or all features, inside a segment, linearly interpolated.

        Args:
            offset: first sample of the segment in the store of samples.
            length: samples of the segment.
            positions: (n,) samples from the start of the segment. One outside takes the value at the nearest
                end.

        Returns:
            (n, columns) float32.
        """
        stretch = int(np.searchsorted(self._starts, offset, side="right")) - 1
        first, stop = self._firsts[stretch], self._firsts[stretch + 1]
        inside = np.clip(np.asarray(positions, dtype=np.float64), 0, length - 1)
        places = (offset - self._starts[stretch] + inside) / self._hop_length
        left = places.astype(np.int64)
        share = (places - left).astype(np.float32)[:, None]
        frames = self._frames
        before, after = frames[first + left], frames[np.minimum(first + left + 1, stop - 1)]
        return np.asarray(before + share * (after - before), dtype=np.float32)

    def frames(self, offset: int, first: int, stop: int) -> NDArray[np.float32]:
        """Return consecutive frames, not interpolated, of a segment that begins at a frame of its stretch.

        Args:
            offset: first sample of the segment in the store of samples.
            first: the first frame, counted from the start of the segment.
            stop: one past the last frame.
        """
        stretch = int(np.searchsorted(self._starts, offset, side="right")) - 1
        begin = self._firsts[stretch] + (offset - self._starts[stretch]) // self._hop_length
        return np.asarray(self._frames[begin + first : begin + stop])

    def verify(self, source: str, start: int, length: int, digest: str, stop: Callable[[], bool]) -> None:
        """Compare the pitch of a recording with its digest.

        Args:
            source: the name of the recording, for the message.
            start: its first sample in the store of samples.
            length: its samples.
            digest: the digest of its pitch.
            stop: called before each block; the comparison ends early, without an error, when it returns True.

        Raises:
            PartitaError: the pitch is not as it was prepared.
        """
        begin, end = self._firsts[np.searchsorted(self._starts, [start, start + length])]
        found = samples_digest(self._frames, int(begin), int(end - begin), stop)
        if not stop() and found != digest:
            raise PartitaError(
                f"{self._store} is damaged: the pitch of {source} is not as it was prepared: {REMEDY}"
            )
