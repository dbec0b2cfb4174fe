"""Draw prompts: stretches of real sound from one split, never silence, that clips continue.

This module does not know models.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus, Segment
from partita.errors import PartitaError
from partita.seeds import numpy_stream

CANDIDATES = 32  # stretches to consider for each prompt
QUIET = 0.1  # a level below this share of the candidates' RMS level (20 dB below it) counts as silence


def prompts(
    corpus: Corpus, split: str, *, count: int, length: int, seed: int, quantizer: Quantizer
) -> NDArray[Any]:
    """Draw prompts from a split by seed; `prompt_places` chooses where they are.

    If no segment is long enough, a prompt is a whole segment preceded by the zero class.

    Args:
        corpus: a prepared corpus.
        split: name of the split; "test" and "validation" are held out from training.
        count: number of prompts.
        length: samples of each prompt.
        seed: any integer.
        quantizer: waveform -> classes.

    Returns:
        (count, length) classes, of the quantizer's integer type.

    Raises:
        PartitaError: the split is empty or silent, or a number is out of range.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from partita.data.from_classes import corpus_from_classes
    >>> clips, quantizer = {"test": np.full((1, 5), 200)}, Quantizer()
    >>> folder = Path(tempfile.mkdtemp()) / "corpus"
    >>> corpus = corpus_from_classes(folder, clips, sample_rate=8000, quantizer=quantizer)
    >>> prompts(corpus, "test", count=2, length=3, seed=0, quantizer=quantizer).tolist()
    [[200, 200, 200], [200, 200, 200]]
    """
    places = prompt_places(corpus, split, count=count, length=length, seed=seed)
    return prompts_at(corpus, places, length=length, quantizer=quantizer)


def prompts_at(
    corpus: Corpus, places: list[tuple[int, int]], *, length: int, quantizer: Quantizer
) -> NDArray[Any]:
    """Return the classes of stretches of sound, each preceded by the zero class up to a length.

    Args:
        corpus: a prepared corpus.
        places: the first sample of each stretch in the store, and one past its last.
        length: samples of each prompt.
        quantizer: waveform -> classes.

    Returns:
        (places, length) classes, of the quantizer's integer type.
    """
    classes = np.full((len(places), length), quantizer.zero_class, dtype=quantizer.dtype)
    for row, (start, stop) in enumerate(places):
        classes[row, length - (stop - start) :] = quantizer.encode_int16(corpus.samples[start:stop])
    return classes


def prompt_places(
    corpus: Corpus, split: str, *, count: int, length: int, seed: int, grid: int = 1
) -> list[tuple[int, int]]:
    """Choose by seed where prompts are.

    Each is inside one segment. Neither the prompt nor its last quarter, which a clip continues, is silent.
    Prompts do not overlap if the split is long enough.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        count: number of prompts.
        length: samples of each prompt; a prompt is shorter if no segment is long enough.
        seed: any integer.
        grid: prompts start at multiples of this many samples from the start of their segment; `length` is
            a multiple of it.

    Returns:
        for each prompt its first sample in the store, and one past its last.

    Raises:
        PartitaError: the split is empty or silent, or a number is out of range.
    """
    if count < 1 or length < 1:
        raise PartitaError(f"`count` is {count} and `length` {length}, both must be at least 1")
    segments = corpus.segments(split)
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again")
    candidates = _draw_candidates(segments, count, length, seed, grid)
    chosen = _choose(corpus, candidates, count)
    if not chosen:
        raise PartitaError(
            f"the split {split!r} of {corpus.path} is silent, prompts need sound: prepare the corpus again"
            " with other recordings in this split"
        )
    return [chosen[row % len(chosen)] for row in range(count)]


def _draw_candidates(
    segments: list[Segment], count: int, length: int, seed: int, grid: int
) -> list[tuple[int, int]]:
    """Draw stretches, (start, stop) in the store, uniformly from all stretches of this length on a grid."""
    usable = [s for s in segments if s.length >= length] or segments
    starts = np.array([max(1, s.length - length + 1) for s in usable], dtype=np.int64)  # in each segment
    edges = np.concatenate([[0], np.cumsum(starts)])
    stretches = []
    for draw in numpy_stream(seed, "openings").integers(0, edges[-1], size=count * CANDIDATES):
        number = int(np.searchsorted(edges, draw, side="right")) - 1
        segment, skipped = usable[number], int(draw - edges[number]) // grid * grid
        start = segment.offset + skipped
        whole = min(length, max(1, (segment.length - skipped) // grid * grid))
        stretches.append((start, start + whole))
    return stretches


def _choose(corpus: Corpus, candidates: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Choose the first stretches that are not silent and do not overlap, then others that are not silent."""
    levels = np.array([_level(corpus, start, stop) for start, stop in candidates])
    if not levels.any():
        return []
    least = QUIET * np.sqrt(np.mean(levels**2))
    disjoint: list[tuple[int, int]] = []
    overlapping: list[tuple[int, int]] = []
    for stretch in (s for s, level in zip(candidates, levels, strict=True) if level >= least):
        if len(disjoint) == count:
            break
        overlaps = any(stretch[0] < stop and start < stretch[1] for start, stop in disjoint)
        (overlapping if overlaps else disjoint).append(stretch)
    return (disjoint + overlapping)[:count]


def _level(corpus: Corpus, start: int, stop: int) -> float:
    """Return the root mean square of the stretch or of its last quarter, whichever is smaller."""
    sound = corpus.samples[start:stop].astype(np.float32)
    end = sound[-max(1, len(sound) // 4) :]
    return float(min(np.sqrt(np.mean(sound**2)), np.sqrt(np.mean(end**2))))
