"""Write a clip to a pipe block by block while it is drawn, as WAV or as raw 16-bit PCM.

The next block is drawn when the pipe has taken the last one: a slow reader slows down drawing, and the memory
does not grow with the length of the clip.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from partita.audio.level import SILENT_PEAK
from partita.audio.pcm import INT16_SCALE, fade_out, to_int16
from partita.audio.wav import wav_header
from partita.audio.writing import write_all, write_errors
from partita.sampling.output.clip_files import FADE_SECONDS, WriteResult
from partita.sampling.output.provenance import clip_comment
from partita.sampling.output.stopwatch import Stopwatch
from partita.signals import StopRequest, deferred_signals

FIRST_BLOCK = 256
"""Samples of the first block, which is short so that playback starts soon: 16 ms at 16 kHz."""

Form = Literal["wav", "raw"]


def fade_on_request(
    blocks: Iterable[NDArray[Any]], request: StopRequest, fade: int
) -> Iterator[NDArray[np.int16]]:
    """Yield the samples of each block; after a request to stop, fade the next samples out and end.

    Args:
        blocks: (1, samples) waveforms in [-1, 1], or int16.
        request: says whether to stop.
        fade: length of the fade-out, in samples.

    >>> request = StopRequest()
    >>> blocks = fade_on_request(np.full((9, 1, 2), 100, np.int16), request, fade=3)
    >>> next(blocks).tolist()
    [100, 100]
    >>> request.signal_name = "SIGINT"
    >>> [sound.tolist() for sound in blocks]
    [[75, 25], [0]]
    """
    ramp = fade_out(fade)
    for (waveform,) in blocks:
        sound = to_int16(waveform)
        if request.signal_name is not None:
            factors, ramp = ramp[: len(sound)], ramp[len(sound) :]
            sound = np.rint(sound[: len(factors)] * factors).astype(np.int16)
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
    options: Sequence[str] = (),
    form: Form = "wav",
    name: str = "the output",
    progress: Callable[[int], None] | None = None,
) -> WriteResult:
    """Write blocks of sound to a pipe until they end, the reader closes it, or Ctrl-C or SIGTERM arrives.

    It is not an error if the reader closes the pipe. On Ctrl-C or SIGTERM, the sound fades out over the
    beginning of the next block; a second signal acts at once.

    Args:
        blocks: (1, samples) waveforms in [-1, 1], in order.
        descriptor: a file descriptor that is open for writing.
        sample_rate: in Hz.
        samples: length of the whole clip, for the header of a WAV; None if it is not known.
        seed: the seed of the clip, for the comment in a WAV.
        options: what the comment says besides; see `clip_comment`.
        form: `wav`, or `raw` for 16-bit little-endian PCM without a header.
        name: the name of the pipe in messages.
        progress: called after each block with the number of samples written so far.

    Returns:
        No files, the length of what was written, and the speed of drawing, without the time spent on waiting
        for the reader.

    Raises:
        PartitaError: the pipe or device can't be written to.

    >>> reading, writing = os.pipe()
    >>> write_pipe([np.zeros((1, 50))], writing, sample_rate=100, samples=None, form="raw").seconds
    0.5
    >>> len(os.read(reading, 999))
    100
    """
    watch, written, peak = Stopwatch(), 0, 0
    interrupted, request = False, StopRequest()
    pipe = os.fdopen(descriptor, "wb", buffering=0, closefd=False)
    try:
        if form == "wav":
            with write_errors(name):
                write_all(pipe, wav_header(sample_rate, samples, clip_comment(seed=seed, options=options)))
        blocks, fade = iter(blocks), max(1, round(FADE_SECONDS * sample_rate))
        first = list(islice(blocks, 1))  # signals are not deferred yet: before any sound, Ctrl-C acts at once
        with deferred_signals() as request:
            for sound in fade_on_request(chain(first, blocks), request, fade):
                watch.block(len(sound))
                ready = time.perf_counter()
                with write_errors(name):
                    write_all(pipe, sound.astype("<i2").tobytes())
                watch.wait(time.perf_counter() - ready)
                written += len(sound)
                peak = max(peak, int(np.abs(sound, dtype=np.int32).max(initial=0)))
                if progress is not None:
                    progress(written)
    except KeyboardInterrupt:
        interrupted = True
    except (BrokenPipeError, ConnectionResetError):
        pass
    seconds, speed, begun = written / sample_rate, watch.rate / sample_rate, watch.start_seconds
    silent = int(written > 0 and peak <= SILENT_PEAK * INT16_SCALE)
    interrupted = interrupted or request.signal_name is not None
    return WriteResult([], seconds, speed, begun, interrupted, silent)
