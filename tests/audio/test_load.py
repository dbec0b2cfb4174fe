"""The end of a long recording is read in little memory, and is the same to the bit."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.load import read_audio

Tone = Callable[..., np.ndarray]
PEAK = """
import sys
from partita.benchmarks.corpus import peak_bytes
from partita.audio.load import read_audio
before = peak_bytes()
assert len(read_audio(sys.argv[1], 16000, last_samples=5000)) == 5000
print((peak_bytes() - before) >> 20)
"""


@pytest.mark.parametrize("rate", [8000, 11025])
@pytest.mark.parametrize("samples", [1, 1000, 10_000_000])
def test_the_end_is_the_same_as_that_of_the_whole(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch, rate: int, samples: int
) -> None:
    monkeypatch.setattr("partita.audio.formats.libsndfile.BLOCK_VALUES", 3000)
    soundfile.write(tmp_path / "a.flac", tone(9, rate), rate)
    whole = read_audio(tmp_path / "a.flac", 8000)
    end = read_audio(tmp_path / "a.flac", 8000, last_samples=samples)
    np.testing.assert_array_equal(end, whole[-samples:])


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    minute = (0.2 * np.sin(2 * np.pi * 440 * np.arange(960_000) / 16000)).astype(np.float32)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 16000, 1, "PCM_16") as file:
        for _ in range(30):
            file.write(minute)
    command = [sys.executable, "-c", PEAK, str(tmp_path / "long.wav")]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 30, "MiB; the whole of it takes 110"
