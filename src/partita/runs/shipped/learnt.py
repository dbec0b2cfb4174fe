"""What a model has learnt from: digests and acoustic fingerprints of the recordings, in `learnt.json`.

With it `evaluate` finds out whether a corpus holds out sound that the model knows already, also where that
recording was prepared at another level or rate, trimmed or re-encoded. The sound itself can't be restored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.fingerprint import (
    BANDS,
    FRAMES_PER_SECOND,
    MIN_FRAMES,
    MOST_FRAMES,
    OFFSETS,
    WINDOW_S,
    best_shares,
    fingerprint,
    least_share,
    pack,
    unpack,
)
from partita.audio.pcm import INT16_SCALE
from partita.data.corpus import Corpus, Segment, samples_digest
from partita.digests import DIGEST, add_digest, verify_digest
from partita.runs.shipped.folder import REINSTALL
from partita.tables import Table, read_json

LEARNT = "learnt.json"
FORMAT = 1
SPLITS = ("train", "validation")
MOST_BLOCKS = 96
"""Blocks of a split that are compared, spread evenly over it, which bounds the time to seconds."""


@dataclass(frozen=True, kw_only=True)
class LearntRecording:
    """A recording that a model has learnt from, or was chosen by.

    Args:
        source: its file name.
        segments: digests of the samples of its segments.
        bits: (frames, bands) bool, the acoustic fingerprint of its segments one after the other.
    """

    source: str
    segments: frozenset[str]
    bits: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What a model has learnt from.

    Args:
        corpus: the fingerprint of its corpus.
        recordings: the recordings of the splits that training reads.
    """

    corpus: str
    recordings: tuple[LearntRecording, ...]


def learnt_table(corpus: Corpus) -> dict[str, Any]:
    """Return the content of `learnt.json` for a model that was trained on a corpus.

    Args:
        corpus: the corpus; its test split is left out.
    """
    recordings = []
    for split in SPLITS:
        segments: dict[int, list[Segment]] = {}
        for segment in corpus.segments(split):
            segments.setdefault(segment.recording, []).append(segment)
        recordings += [_entry(corpus, parts) for parts in segments.values()]
    return add_digest({"format": FORMAT, "corpus": corpus.fingerprint, "recordings": recordings})


def _entry(corpus: Corpus, segments: list[Segment]) -> dict[str, Any]:
    """Return the entry of one recording."""
    prints = [fingerprint(segment_sound(corpus, segment), corpus.sample_rate).bits for segment in segments]
    return {
        "source": Path(corpus.source(segments[0])).name,
        "split": segments[0].split,
        "seconds": round(sum(segment.length for segment in segments) / corpus.sample_rate, 2),
        "segments": [_digest(corpus, segment) for segment in segments],
        "bands": prints[0].shape[1],
        "fingerprint": pack(np.concatenate(prints)),
    }


def read_learnt(folder: Path) -> Learnt | None:
    """Return what the model in a folder has learnt from, or None if the folder does not say so.

    Args:
        folder: the folder of a shipped model or of any run.

    Raises:
        PartitaError: the file is damaged.

    >>> read_learnt(Path("nowhere")) is None
    True
    """
    path = folder / LEARNT
    if not path.is_file():
        return None
    table = read_json(path, remedy=REINSTALL)
    table.integer("format", minimum=1, maximum=FORMAT)
    table.text(DIGEST)
    recordings = tuple(_recording(entry) for entry in verify_digest(table).tables("recordings"))
    return Learnt(corpus=table.text("corpus"), recordings=recordings)


def _recording(entry: Table) -> LearntRecording:
    digits, bands = entry.text("fingerprint"), entry.integer("bands", minimum=0, maximum=BANDS)
    try:
        bits = unpack(digits, bands)
    except ValueError:
        entry.reject("fingerprint", "must be hexadecimal digits of whole frames")
    segments = frozenset(str(digest) for digest in entry.array("segments"))
    return LearntRecording(source=entry.text("source"), segments=segments, bits=bits)


def learnt_sources(learnt: Learnt, corpus: Corpus, split: str) -> list[str]:
    """Return the recordings of a split that a model has learnt from, as the corpus names them.

    Recordings are found by the digests of their samples, or by blocks of up to 10 s of their fingerprints.

    Args:
        learnt: what the model has learnt from.
        corpus: the corpus.
        split: the split to search.
    """
    known = frozenset().union(*(one.segments for one in learnt.recordings))
    segments = corpus.segments(split)
    found = {corpus.source(one) for one in segments if _digest(corpus, one) in known}
    by_length: dict[tuple[int, ...], list[tuple[str, NDArray[np.bool_]]]] = {}
    for source, bits in fingerprint_blocks(
        corpus, [one for one in segments if corpus.source(one) not in found]
    ):
        by_length.setdefault(bits.shape, []).append((source, bits))
    for (frames, bands), blocks in by_length.items():
        stack = np.stack([bits for _, bits in blocks])
        for one in learnt.recordings:
            common = min(bands, one.bits.shape[1])
            if common and (least := least_share(frames, common)) < 1:
                shares = best_shares(stack[:, :, :common], one.bits[:, :common])
                found |= {blocks[index][0] for index in np.flatnonzero(shares > least)}
    return sorted(found)


def fingerprint_blocks(corpus: Corpus, segments: list[Segment]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the source and the bits of blocks spread over segments, each block from several starts.

    Args:
        corpus: the corpus.
        segments: of it; those shorter than 2.4 s are left out.
    """
    rate = corpus.sample_rate
    longest = round((MOST_FRAMES / FRAMES_PER_SECOND + WINDOW_S) * rate) + 1
    shortest = round((MIN_FRAMES / FRAMES_PER_SECOND + WINDOW_S) * rate) + 1
    shift = rate / (FRAMES_PER_SECOND * OFFSETS)
    places = [
        (segment, start)
        for segment in segments
        for start in range(0, max(1, segment.length - longest), longest)
        if segment.length >= shortest + round(shift * OFFSETS)
    ]
    step = max(1, -(-len(places) // MOST_BLOCKS))
    for segment, start in places[::step]:
        sound = segment_sound(corpus, segment, start, longest + round(shift * OFFSETS))
        length = min(longest, len(sound) - round(shift * OFFSETS))
        for number in range(OFFSETS):
            first = round(number * shift)
            part = fingerprint(sound[first : first + length], rate)
            if not part.is_silent:
                yield corpus.source(segment), part.bits


def segment_sound(
    corpus: Corpus, segment: Segment, start: int = 0, length: int | None = None
) -> NDArray[np.float32]:
    """Return samples of a segment, float32 in [-1, 1], from `start` on, at most `length`.

    Args:
        corpus: the corpus.
        segment: the segment.
        start: first sample, from the start of the segment.
        length: samples; None for all.
    """
    stop = segment.length if length is None else min(segment.length, start + length)
    samples = corpus.samples[segment.offset + start : segment.offset + stop]
    return np.asarray(samples, np.float32) / np.float32(INT16_SCALE)


def _digest(corpus: Corpus, segment: Segment) -> str:
    return samples_digest(corpus.samples, segment.offset, segment.length)
