"""Read a prepared corpus: its index, and its stores, which are memory-mapped: 16-bit samples, and pitch.

This module writes nothing (`corpus_writer.py` does), and it knows neither audio formats nor windows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.checks import nearest_path
from partita.data.index import INDEX, REMEDY, SPLITS, read_index
from partita.data.labels import label_values, numbering_names, training_labels
from partita.data.notes import Note
from partita.data.notes.kept import KeptNotes
from partita.data.pitch_track import PitchTrack
from partita.data.segment import Segment
from partita.data.stores import SAMPLE_BYTES, map_store, samples_digest
from partita.errors import PartitaError

__all__ = ["INDEX", "SPLITS", "Corpus", "Segment", "read_index", "samples_digest"]


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus in a folder; get one with `Corpus.open` or `prepare`.

    Args:
        path: the corpus folder.
        index: the content of its `index.json`.
    """

    path: Path
    index: dict[str, Any]

    def __repr__(self) -> str:
        """Return one line: the folder, the minutes of each split, and the sample rate."""
        minutes = ", ".join(f"{split} {self.seconds(split) / 60:.1f} min" for split in SPLITS)
        return f"<Corpus {self.path}: {minutes}, {self.sample_rate} Hz>"

    @classmethod
    def open(cls, path: str | Path) -> "Corpus":
        """Open the corpus in a folder.

        The stores are mapped at once. The opened corpus therefore stays unchanged when `prepare` replaces the
        files in the folder.

        Args:
            path: the corpus folder.

        Raises:
            PartitaError: there is no corpus, its index is damaged, or a store is missing, is a link, or has
                another length than the index states.

        >>> Corpus.open("/nowhere")
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: /nowhere is not a corpus: make one with `partita prepare`
        """
        path = Path(path)
        index = read_index(path)
        while True:
            if index is None:
                close = "" if path.exists() else nearest_path(path)
                raise PartitaError(f"{path} is not a corpus: make one with `partita prepare`{close}")
            try:
                return cls.from_index(path, index)
            except PartitaError:
                newest = read_index(path)
                if newest == index:
                    raise
                index = newest  # `prepare` replaced the corpus after the index was read

    @classmethod
    def from_index(cls, path: Path, index: dict[str, Any]) -> "Corpus":
        """Return the corpus in a folder whose index was read already, and map its stores.

        Args:
            path: the corpus folder.
            index: the content of its `index.json`.

        Raises:
            PartitaError: a store is missing, is a link, or has another length than the index states.

        >>> Corpus.from_index(Path("/nowhere"), {"store": "a.i16", "samples": 1})
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: /nowhere/a.i16 is missing: prepare the recordings again
        """
        corpus = cls(path, index)
        _ = corpus.samples, corpus._notes  # opened now, so that `prepare` can replace the files later
        if corpus.has_pitch:
            _ = corpus._pitch
        return corpus

    @property
    def store(self) -> Path:
        """The file of samples: 16-bit, little endian, mono, without a header."""
        return self.path / str(self.index["store"])

    @property
    def sample_rate(self) -> int:
        """Sample rate, Hz."""
        return int(self.index["sample_rate"])

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the content: samples, segments, splits and labels."""
        return str(self.index["fingerprint"])

    @cached_property
    def samples(self) -> NDArray[np.int16]:
        """The whole store: (samples,) int16, memory-mapped, read-only."""
        return map_store(self.store, SAMPLE_BYTES * int(self.index["samples"]), "<i2", remedy=REMEDY)

    @property
    def has_pitch(self) -> bool:
        """Whether the pitch is known; corpora of older versions, and of most generated clips, have none."""
        return "pitch_store" in self.index

    @property
    def given_columns(self) -> int:
        """Columns of the features that its clips were drawn with; 0 if they are computed from the sound."""
        return int(self.index.get("feature_columns", 0))

    def pitch_at(self, segment: Segment, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return pitch and periodicity at positions of a segment, linearly interpolated.

        Args:
            segment: a segment of this corpus.
            positions: (n,) samples from the start of the segment. One outside takes the value at the nearest
                end of the segment.

        Returns:
            (n, 2) float32: MIDI note number (69 is 440 Hz), and periodicity from 0 to 1; see `track_pitch`.

        Raises:
            PartitaError: the corpus has no pitch.
        """
        return self._pitch.at(segment.offset, segment.length, positions)

    def given_frames(self, segment: Segment, first: int, stop: int) -> NDArray[np.float32]:
        """Return the features of some frames that a clip was drawn with, (frames, `given_columns`).

        Args:
            segment: a clip, in a corpus with `given_columns`.
            first: the first frame, counted from the start of the clip.
            stop: one past the last frame.
        """
        return self._pitch.frames(segment.offset, first, stop)

    @cached_property
    def _pitch(self) -> PitchTrack:
        if not self.has_pitch:
            raise PartitaError(f"{self.path} has no pitch, since an older version made it: {REMEDY}")
        return PitchTrack(self.path, self.index)

    @property
    def has_notes(self) -> bool:
        """Whether it was prepared with notes."""
        return "notes" in self.index

    @cached_property
    def _notes(self) -> KeptNotes:
        if not self.has_notes:
            return KeptNotes({})
        return KeptNotes.read(self.path / self.index["notes"], remedy=REMEDY)

    @cached_property
    def _verified(self) -> set[int]:
        """Offsets of the recordings that `verify` has found intact."""
        return set()

    def verify(
        self, stop: Callable[[], bool] = lambda: False, *, splits: Collection[str] | None = None
    ) -> None:
        """Compare the samples, and the pitch if there is one, with the digests in the index.

        A recording that was found intact is not compared again.

        Args:
            stop: called before each block of samples; the comparison ends early when it returns True.
            splits: compare only recordings that are at least partly in these splits; None for all.

        Raises:
            PartitaError: a store is damaged; the message names it and the recording.

        >>> import tempfile, soundfile
        >>> from partita.data.preparation.prepare import PrepareConfig, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> soundfile.write(folder / "a.wav", np.sin(np.arange(80000) / 5), 8000)
        >>> corpus = prepare([folder / "a.wav"], folder / "corpus", PrepareConfig(sample_rate=8000))
        >>> corpus.verify()
        """
        named = {r["source"] for r in self.index["recordings"] if splits is not None and r["split"] in splits}
        offset = 0
        for file in self.index["files"]:
            if file["reason"] is not None:
                continue
            start, length = offset, sum(length for _, length in file["stretches"])
            offset += length
            if start in self._verified or (splits is not None and file["source"] not in named):
                continue
            found = samples_digest(self.samples, start, length, stop)
            if stop():
                return
            if found != file["samples_digest"]:
                raise PartitaError(
                    f"{self.store} is damaged: the samples of {file['source']} are not as they were prepared:"
                    f" {REMEDY}"
                )
            if self.has_pitch:
                self._pitch.verify(file["source"], start, length, file["pitch_digest"], stop)
            self._verified.add(start)

    def segments(self, split: str) -> list[Segment]:
        """Return the segments of one split, in the order of the index.

        Args:
            split: "train", "validation" or "test".

        Raises:
            PartitaError: there is no such split.
        """
        if split not in SPLITS:
            raise PartitaError(f"`split` is {split!r}, must be one of {', '.join(SPLITS)}")
        return [
            Segment(
                recording=number,
                offset=segment["offset"],
                length=segment["length"],
                source_start_s=segment["source_start_s"],
                split=split,
            )
            for number, recording in enumerate(self.index["recordings"])
            if recording["split"] == split
            for segment in recording["segments"]
        ]

    def seconds(self, split: str) -> float:
        """Return the length of one split, seconds."""
        return sum(segment.length for segment in self.segments(split)) / self.sample_rate

    def segment_seconds(self, split: str) -> list[float]:
        """Return the length of each segment of one split, seconds."""
        return [segment.length / self.sample_rate for segment in self.segments(split)]

    def source(self, segment: Segment) -> str:
        """Return the name of a segment's recording."""
        return str(self.index["recordings"][segment.recording]["source"])

    def notes(self, segment: Segment) -> list[Note]:
        """Return the notes that sound in a segment, in seconds from its start; without notes, none."""
        seconds = segment.length / self.sample_rate
        return self._notes.within(self.source(segment), segment.source_start_s, seconds)

    def labels(self, segment: Segment) -> tuple[str, ...]:
        """Return the labels of a segment's recording, like ("digit=3", "speaker=george"), sorted."""
        label = self.index["recordings"][segment.recording]["label"] or {}
        return tuple(sorted(f"{name}={value}" for name, value in label.items()))

    def label_values(self) -> tuple[str, ...]:
        """Return the labels of the training split, sorted, for example ("digit=0", "digit=1").

        Names that number the recordings are left out.
        """
        return label_values(training_labels(self.index["recordings"]))

    def summary(self) -> str:
        """Return a summary of several lines for the user.

        It states the length of each split, which recordings were held out and why, all warnings, and the
        skipped files with their reasons.
        """
        recordings, skipped = self.index["recordings"], self.index["skipped"]
        lines = [f"{self.path}: {self.sample_rate} Hz, fingerprint {self.fingerprint}"]
        for split in SPLITS:
            count = sum(recording["split"] == split for recording in recordings)
            lines.append(f"  {split}: {self.seconds(split) / 60:.1f} min of {count} recordings")
        if names := numbering_names(training_labels(self.index["recordings"])):
            lines.append(f"  labels that only number the recordings: {', '.join(names)}")
        lines += [f"  {line}" for line in self.index.get("held_out", [])]
        lines += [f"  warning: {line}" for line in self.index.get("warnings", [])]
        lines += [f"  skipped {entry['source']}: {entry['reason']}" for entry in skipped]
        return "\n".join(lines)
