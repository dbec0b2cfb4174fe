"""Track the pitch of a sound with SwiftF0, a small network whose weights come with its package.

On the notes beside five violin recordings it was as good as torchcrepe (tiny) and PESTO, in a twentieth of
their time. It follows one voice: of a chord it gives one note. This file does not round its values.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import swift_f0

UNVOICED_PITCH = 69.0
"""MIDI note number of a sound without any voiced frame."""
VOICED = 0.5  # least periodicity of a voiced frame, as the network was calibrated
PERIOD_S = 0.016  # between two frames of the network
PIECE_S = 4.0  # seconds that go through the network at once, which bounds the memory


class PitchTracker:
    """Tracks the pitch of a sound that comes in blocks; `track_pitch` takes a whole one.

    Frames are returned as soon as they can't change any more: when a later frame is voiced. The memory does
    not grow with the sound, but with its longest unvoiced part.

    Args:
        sample_rate: Hz.
        hop_length: samples from one frame to the next.

    >>> tracker = PitchTracker(16000, 160)
    >>> sound = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000)
    >>> frames = np.concatenate([*(tracker.add(block) for block in sound.reshape(4, 4000)), tracker.finish()])
    >>> frames.shape, round(float(frames[50, 0]), 1)
    ((101, 2), 69.0)
    """

    def __init__(self, sample_rate: int, hop_length: int) -> None:
        self._sample_rate, self._hop_length = sample_rate, hop_length
        self._stream = _network().stream()
        self._samples = 0
        self._returned = 0  # frames
        self._first = 0  # number of the first of the network's frames that are still needed
        self._needed = np.empty((2, 0))  # their MIDI note numbers and periodicity

    def add(self, block: NDArray[np.floating]) -> NDArray[np.float32]:
        """Add the next samples, (samples,) float in [-1, 1]; return the next frames, (n, 2) float32."""
        self._samples += len(block)
        piece = max(1, round(PIECE_S * self._sample_rate))
        for start in range(0, len(block), piece):
            self._keep(self._stream.push(block[start : start + piece], self._sample_rate))
        voiced = np.flatnonzero(self._needed[1] >= VOICED)
        if not len(voiced):
            return np.empty((0, 2), dtype=np.float32)
        period = self._sample_rate * PERIOD_S  # in samples
        frames = self._frames(int((self._first + voiced[-1]) * period / self._hop_length) + 1)
        self._first += int(voiced[-1])
        self._needed = self._needed[:, voiced[-1] :]
        return frames

    def finish(self) -> NDArray[np.float32]:
        """Return the remaining frames, (n, 2) float32."""
        if self._samples:
            self._keep(self._stream.flush())
        return self._frames(self._samples // self._hop_length + 1)

    def _keep(self, found: "swift_f0.PitchResult") -> None:
        """Keep what the network found; the times are multiples of `PERIOD_S`."""
        notes = 69 + 12 * np.log2(found.pitch_hz / 440)
        self._needed = np.concatenate([self._needed, [notes, found.confidence]], axis=1)

    def _frames(self, stop: int) -> NDArray[np.float32]:
        """Return the frames from the first that was not returned yet to number `stop`."""
        numbers = np.arange(self._returned, stop, dtype=np.float64)
        self._returned = max(stop, self._returned)
        places = numbers * (self._hop_length / self._sample_rate / PERIOD_S) - self._first
        notes, periodicity = self._needed
        frames = np.zeros((len(places), 2), dtype=np.float32)
        frames[:, 0] = UNVOICED_PITCH
        voiced = np.flatnonzero(periodicity >= VOICED)
        if len(voiced):
            frames[:, 0] = np.interp(places, voiced, notes[voiced])
        if len(periodicity):
            frames[:, 1] = np.interp(places, np.arange(len(periodicity)), periodicity)
        return frames


def track_pitch(waveform: NDArray[np.floating], sample_rate: int, hop_length: int) -> NDArray[np.float32]:
    """Return pitch and periodicity of a sound; frame i is centred at sample i * hop_length.

    The network gives both each 16 ms; they are interpolated to the frames. The pitch of unvoiced frames
    (periodicity below 0.5) is interpolated between the voiced ones around them, so it is always a sensible
    number; it is 69 where nothing is voiced.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.
        hop_length: samples from one frame to the next.

    Returns:
        (samples // hop_length + 1, 2) float32: MIDI note number (69 is 440 Hz; from 46.9 to 2,094 Hz), and
        periodicity from 0 to 1, the network's confidence.

    Source: Nieradzik, "SwiftF0: Fast and Accurate Monophonic Pitch Detection", arXiv:2508.18440.

    >>> track_pitch(np.zeros(320), 16000, 160).tolist()
    [[69.0, 0.0], [69.0, 0.0], [69.0, 0.0]]
    """
    tracker = PitchTracker(sample_rate, hop_length)
    return np.concatenate([tracker.add(waveform), tracker.finish()])


@lru_cache(maxsize=1)
def _network() -> "swift_f0.SwiftF0":
    """Return the network, which is loaded when it is first used and runs on the calling thread."""
    import swift_f0

    return swift_f0.SwiftF0(threads=1)
