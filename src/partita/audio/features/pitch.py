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
PIECE_S = 4.0  # seconds that go through the network at once, which bounds the memory


class PitchTracker:
    """Tracks the pitch of a sound that comes in blocks; `track_pitch` takes a whole one.

    Args:
        sample_rate: Hz.
        hop_length: samples from one frame to the next.

    >>> tracker = PitchTracker(16000, 160)
    >>> for block in np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000).reshape(4, 4000):
    ...     tracker.add(block)
    >>> frames = tracker.finish()
    >>> frames.shape, round(float(frames[50, 0]), 1)
    ((101, 2), 69.0)
    """

    def __init__(self, sample_rate: int, hop_length: int) -> None:
        self._sample_rate, self._hop_length = sample_rate, hop_length
        self._stream = _network().stream()
        self._samples = 0
        self._found: list[swift_f0.PitchResult] = []

    def add(self, block: NDArray[np.floating]) -> None:
        """Add the next samples, (samples,) float in [-1, 1]."""
        self._samples += len(block)
        piece = max(1, round(PIECE_S * self._sample_rate))
        for start in range(0, len(block), piece):
            self._found.append(self._stream.push(block[start : start + piece], self._sample_rate))

    def finish(self) -> NDArray[np.float32]:
        """Return pitch and periodicity of all frames; see `track_pitch`."""
        if self._samples:
            self._found.append(self._stream.flush())
        times, hertz, periodicity = (
            np.concatenate([np.empty(0), *(getattr(result, name) for result in self._found)])
            for name in ("timestamps", "pitch_hz", "confidence")
        )
        centres = np.arange(self._samples // self._hop_length + 1) * self._hop_length / self._sample_rate
        frames = np.zeros((len(centres), 2), dtype=np.float32)
        frames[:, 0] = UNVOICED_PITCH
        voiced = periodicity >= VOICED
        if voiced.any():
            notes = 69 + 12 * np.log2(hertz[voiced] / 440)
            frames[:, 0] = np.interp(centres, times[voiced], notes)
        if len(times):
            frames[:, 1] = np.interp(centres, times, periodicity)
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
    tracker.add(waveform)
    return tracker.finish()


@lru_cache(maxsize=1)
def _network() -> "swift_f0.SwiftF0":
    """Return the network, which is loaded when it is first used and runs on the calling thread."""
    import swift_f0

    return swift_f0.SwiftF0(threads=1)
