"""A clip that is heard while it is drawn: written to a pipe block by block, as WAV or as raw 16-bit PCM.

The next block is drawn when the pipe has taken the last one, so a slow reader slows the drawing and nothing
piles up in memory, however long it goes on. This file does not know models or command lines.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from partita.audio.level import SILENCE
from partita.audio.pcm import INT16_SCALE, fade_out, to_int16
from partita.audio.wav import wav_header, write_all, writing
from partita.sampling.output.clip_files import FADE_SECONDS, WriteResult
from partita.sampling.output.provenance import clip_comment
from partita.signals import StopRequest, deferred_signals

FIRST_BLOCK = 256
"""Samples of a first block that is soon there: 16 ms of sound at 16 kHz."""

Form = Literal["wav", "raw"]


def until_asked(
    blocks: Iterable[NDArray[Any]], request: StopRequest, fade: int
) -> Iterator[NDArray[np.int16]]:
    """Yield (samples,) of sound of each (1, samples) block; asked to stop, fade `fade` samples and end.

    >>> request = StopRequest()
    >>> heard = until_asked(np.full((9, 1, 2), 100, np.int16), request, fade=3)
    >>> next(heard).tolist()
    [100, 100]
    >>> request.signal_name = "SIGINT"
    >>> [sound.tolist() for sound in heard]
    [[75, 25], [0]]
    """
    ramp = fade_out(fade)
    for (waveform,) in blocks:
        sound = to_int16(waveform)
        if request.signal_name is not None:
            here, ramp = ramp[: len(sound)], ramp[len(sound) :]
            sound = np.rint(sound[: len(here)] * here).astype(np.int16)
        yield sound
        if len(ramp) == 0:
            return


def write_pipe(
    blocks: Iterable[NDArray[Any]],
    descriptor: int,
    *,
    sample_rate: int,
    samples: int | None,
    seed: int | None = None,
    form: Form = "wav",
    name: str = "the output",
    progress: Callable[[int], None] | None = None,
) -> WriteResult:
    """Write blocks of sound to a pipe as they come, until they end, the reader leaves or Ctrl-C.

    A reader that leaves has heard enough: that is no error. Ctrl-C, or SIGTERM, lets the sound fade out over
    the beginning of the next block, so that all that was written is whole samples; a second one acts at once.

    Args:
        blocks: (1, samples) waveforms in [-1, 1], one after the other.
        descriptor: what to write to, open for writing.
        sample_rate: in Hz.
        samples: how many there will be, for the header of a WAV; None when nobody knows.
        seed: what the sound is drawn with, for the comment in a WAV.
        form: `wav`, or `raw` for 16-bit little-endian PCM without a header.
        name: what an error calls the pipe.
        progress: called after each block with the samples that were written so far.

    Returns:
        No files, the length of what was written, and how many times faster than real time it was drawn,
        waiting for the reader not counted.

    Raises:
        PartitaError: the pipe or device can't be written to.

    >>> reading, writing = os.pipe()
    >>> write_pipe([np.zeros((1, 50))], writing, sample_rate=100, samples=None, form="raw").seconds
    0.5
    >>> len(os.read(reading, 999))
    100
    """
    begun, waited, written, peak = time.perf_counter(), 0.0, 0, 0
    interrupted, request = False, StopRequest()
    pipe = os.fdopen(descriptor, "wb", buffering=0, closefd=False)
    try:
        if form == "wav":
            with writing(name):
                write_all(pipe, wav_header(sample_rate, samples, clip_comment(seed=seed)))
        blocks, fade = iter(blocks), max(1, round(FADE_SECONDS * sample_rate))
        first = list(islice(blocks, 1))  # before there is sound to fade, Ctrl-C acts at once
        with deferred_signals() as request:
            for sound in until_asked(chain(first, blocks), request, fade):
                ready = time.perf_counter()
                with writing(name):
                    write_all(pipe, sound.astype("<i2").tobytes())
                waited += time.perf_counter() - ready
                written += len(sound)
                peak = max(peak, int(np.abs(sound, dtype=np.int32).max(initial=0)))
                if progress is not None:
                    progress(written)
    except KeyboardInterrupt:
        interrupted = True
    except (BrokenPipeError, ConnectionResetError):
        pass
    drawing = max(time.perf_counter() - begun - waited, 1e-9)
    seconds = written / sample_rate
    silent = int(written > 0 and peak <= SILENCE * INT16_SCALE)
    return WriteResult([], seconds, seconds / drawing, interrupted or request.signal_name is not None, silent)
