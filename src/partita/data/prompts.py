"""Openings: real stretches of held-out sound, never silence, that clips continue. Knows nothing of models."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus, Segment
from partita.errors import PartitaError
from partita.seeds import numpy_stream

CANDIDATES = 32  # places looked at for each prompt
QUIET = 0.1  # 20 dB below the mean level (by energy) of the places looked at counts as silence


def prompts(
    corpus: Corpus, split: str, *, count: int, length: int, seed: int, quantizer: Quantizer
) -> NDArray[Any]:
    """Draw stretches of sound from a split, by seed.

    A stretch lies inside one segment, and neither it nor its last quarter, which a clip continues, is silent.
    Stretches do not overlap where the split has room. Where no segment is long enough, a whole segment is
    taken, with the zero class before it.

    Args:
        corpus: a prepared corpus.
        split: "test" or "validation" for held-out sound.
        count: how many.
        length: samples of each.
        seed: any whole number.
        quantizer: waveform -> classes.

    Returns:
        (count, length), the quantizer's integer type.

    Raises:
        PartitaError: an empty split, a split of silence, or a number out of range.
    """
    if count < 1 or length < 1:
        raise PartitaError(f"`count` is {count} and `length` {length}, both must be at least 1")
    segments = corpus.segments(split)
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again")
    places = _candidates(segments, count, length, seed)
    chosen = _choose(corpus, places, count, length)
    if not chosen:
        raise PartitaError(f"the split {split!r} of {corpus.path} is silent: no prompt can be drawn from it")
    clips = np.full((count, length), quantizer.zero_class, dtype=quantizer.dtype)
    for row in range(count):
        start, stop = chosen[row % len(chosen)]
        clips[row, length - (stop - start) :] = quantizer.encode_int16(corpus.samples[start:stop])
    return clips


def _candidates(segments: list[Segment], count: int, length: int, seed: int) -> list[tuple[int, int]]:
    """Draw (start, stop) in the store, every possible place being equally likely."""
    usable = [s for s in segments if s.length >= length] or segments
    room = np.array([max(1, s.length - length + 1) for s in usable], dtype=np.int64)
    edges = np.concatenate([[0], np.cumsum(room)])
    places = []
    for ticket in numpy_stream(seed, "openings").integers(0, edges[-1], size=count * CANDIDATES):
        number = int(np.searchsorted(edges, ticket, side="right")) - 1
        start = usable[number].offset + int(ticket - edges[number])
        places.append((start, min(start + length, usable[number].offset + usable[number].length)))
    return places


def _choose(corpus: Corpus, places: list[tuple[int, int]], count: int, length: int) -> list[tuple[int, int]]:
    """Take the first places that sound and do not overlap; then, for want of better, others that sound."""
    levels = np.array([_level(corpus, start, stop) for start, stop in places])
    if not levels.any():
        return []
    least = QUIET * np.sqrt(np.mean(levels**2))
    sounding = [place for place, level in zip(places, levels, strict=True) if level >= least]
    apart: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    for place in sounding:
        if len(apart) == count:
            break
        clash = any(place[0] < stop and start < place[1] for start, stop in apart)
        (others if clash else apart).append(place)
    return (apart + others)[:count]


def _level(corpus: Corpus, start: int, stop: int) -> float:
    """Return the root mean square of the stretch or of its last quarter, whichever is less."""
    sound = corpus.samples[start:stop].astype(np.float32)
    end = sound[-max(1, len(sound) // 4) :]
    return float(min(np.sqrt(np.mean(sound**2)), np.sqrt(np.mean(end**2))))
