"""Speed and memory of preparing recordings: `python -m partita.benchmarks.corpus`.

The speed is relative to plain decoding of the same file in the same run. The sound is synthetic.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita.audio.formats.track import BLOCK_VALUES
from partita.data.preparation.prepare import PrepareConfig, prepare

RATE = 44100
LONG_RATE = 22050
MEASURE_PEAK = """
import sys
from partita.benchmarks.corpus import peak_bytes
from partita.data.preparation.prepare import PrepareConfig, prepare
prepare(sys.argv[1:2], sys.argv[2], PrepareConfig(workers=1))
print(peak_bytes())
"""


def bench(*, seconds: float = 120.0, runs: int = 5) -> dict[str, float]:
    """Measure the speed of preparing a 44.1 kHz stereo MP3 with one worker, relative to plain decoding.

    `share_of_plain_decoding` is the median over runs of a ratio of times: reading the file once with
    libsndfile in large blocks, over the whole preparation. The preparation decodes, mixes to mono, resamples
    to 16 kHz, finds levels and silence, tracks the pitch (most of the time), assigns splits, and writes the
    corpus.

    Args:
        seconds: length of the MP3 file, which is generated first.
        runs: number of pairs of measurements.

    Returns:
        `share_of_plain_decoding`; `audio_seconds_per_second_per_core`, seconds of sound prepared per second;
        `plain_decoding_per_second`, seconds of sound decoded per second; `etudes_times_real_time`, seconds of
        synthetic etudes rendered per second on one core.

    >>> len(bench(seconds=2, runs=1))
    4
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mp3 = folder / "sound.mp3"
        soundfile.write(mp3, synthetic_sound(seconds, RATE, 2, seed=0), RATE)
        config = PrepareConfig(workers=1, gap=0)
        plain, prepared = [], []
        for run in range(runs + 1):
            plain.append(_time_plain(mp3))
            start = time.perf_counter()
            prepare([mp3], folder / f"corpus {run}", config)
            prepared.append(time.perf_counter() - start)
    del plain[0], prepared[0]  # the first pair includes the loading of libraries
    return {
        "share_of_plain_decoding": statistics.median(p / q for p, q in zip(plain, prepared, strict=True)),
        "audio_seconds_per_second_per_core": seconds / statistics.median(prepared),
        "plain_decoding_per_second": seconds / statistics.median(plain),
        "etudes_times_real_time": statistics.median(_etudes_rate(runs)),
    }


def _etudes_rate(runs: int, *, seconds: float = 20.0) -> list[float]:
    from partita.etudes.render import render  # imported here: its compiler would dominate the peak memory

    render(2.0, sample_rate=16000, seed=0)  # compiles
    rates = []
    for run in range(runs):
        start = time.perf_counter()
        render(seconds, sample_rate=16000, seed=run)
        rates.append(seconds / (time.perf_counter() - start))
    return rates


def bench_memory(*, short: float = 180.0, long: float = 10800.0) -> dict[str, float]:
    """Measure the peak memory of preparing a long and a short recording, each in its own process.

    Args:
        short: length of the short recording, in seconds.
        long: length of the long recording, in seconds; 3 hours need about 2 GB of temporary files.

    Returns:
        `peak_mib_short` and `peak_mib_long`, MiB of resident memory; `peak_memory_ratio`, long over short.
    """
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        for seconds in (short, long):
            wav, out = Path(name) / f"{seconds:.0f}.wav", Path(name) / f"{seconds:.0f}"
            _write_long(wav, seconds)
            command = [sys.executable, "-c", MEASURE_PEAK, str(wav), str(out)]
            finished = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks.append(int(finished.stdout) / 2**20)
    return {
        "peak_memory_ratio": peaks[1] / peaks[0],
        "peak_mib_short": peaks[0],
        "peak_mib_long": peaks[1],
    }


def synthetic_sound(seconds: float, sample_rate: int, channels: int, *, seed: int) -> NDArray[np.float32]:
    """Generate sound that is hard to compress: notes with decaying harmonics, plus noise.

    Args:
        seconds: length of the sound.
        sample_rate: Hz.
        channels: number of channels.
        seed: of the notes and the noise.

    Returns:
        (samples, channels) float32.

    >>> synthetic_sound(0.5, 8000, 2, seed=0).shape
    (4000, 2)
    """
    rng = np.random.default_rng(seed)
    samples = round(seconds * sample_rate)
    note = np.zeros(samples, dtype=np.float32)
    length = sample_rate // 4
    t = np.arange(length) / sample_rate
    for start in range(0, samples, length):
        pitch = 220 * 2 ** (rng.integers(0, 24) / 12)
        tone = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 9)) * np.exp(-3 * t)
        note[start : start + length] = 0.2 * tone[: samples - start]
    noise = 0.02 * rng.standard_normal((samples, channels), dtype=np.float32)
    return note[:, None] + noise


def peak_bytes() -> int:
    """Return the peak resident memory of this process, in bytes.

    >>> peak_bytes() > 1 << 20
    True
    """
    status = Path("/proc/self/status")
    if status.exists():  # elsewhere the peak includes the memory of the parent at the fork
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) << 10
    import resource  # not available on every system

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _time_plain(path: Path) -> float:
    start = time.perf_counter()
    with soundfile.SoundFile(path) as file:
        buffer = np.empty((BLOCK_VALUES // file.channels, file.channels), dtype=np.float32)
        while len(file.read(out=buffer)):
            pass
    return time.perf_counter() - start


def _write_long(path: Path, seconds: float) -> None:
    """Write a long file that repeats 10 seconds of sound and 1.5 seconds of silence."""
    sound = synthetic_sound(10.0, LONG_RATE, 1, seed=1)
    period = np.concatenate([sound, np.zeros((LONG_RATE * 3 // 2, 1), dtype=np.float32)])
    with soundfile.SoundFile(path, "w", samplerate=LONG_RATE, channels=1, subtype="PCM_16") as file:
        left = round(seconds * LONG_RATE)
        while left > 0:
            file.write(period[:left])
            left -= len(period)


if __name__ == "__main__":
    print(json.dumps({**bench(), **bench_memory()}, indent=2))
