"""The memory of a stream does not grow with its length."""

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.output.pipe import write_pipe
from partita.sampling.stream import stream

PAGE = 4096


def play(steps: int, *, clips: int = 1, every: int | None = None) -> list[int]:
    """Write a stream to /dev/null; return this process's memory in bytes, once per `every` samples."""
    model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    config = SamplingConfig(block=400, threads=2)
    classes = stream(model, clips=clips, steps=steps, first=100, config=config, zero_class=128)
    sound = ((block[:1].astype(np.float32) - 128.0) / 128.0 for block in classes)
    sizes: list[int] = []

    def look(samples: int) -> None:
        if every is not None and samples >= every * (len(sizes) + 1):
            sizes.append(PAGE * int(Path("/proc/self/statm").read_text().split()[1]))

    with Path("/dev/null").open("wb") as nowhere:
        written = write_pipe(sound, nowhere.fileno(), sample_rate=16000, samples=None, progress=look)
    assert written.seconds == steps / 16000
    return sizes


@pytest.mark.parametrize("clips", [1, 3])
def test_allocations_do_not_grow(clips: int) -> None:
    play(1000, clips=clips)
    tracemalloc.start()
    try:
        peaks = []
        for steps in (20_000, 320_000):
            gc.collect()  # memory of the last stream
            tracemalloc.reset_peak()
            play(steps, clips=clips)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 150_000  # a byte for each sample would be 300,000


@pytest.mark.slow
def test_memory_is_flat() -> None:
    sizes = play(8_000_000, every=1_000_000)
    assert len(sizes) == 8
    assert max(sizes) - sizes[0] < 1 << 20  # a byte for each sample would be 7 MB
