"""A line to play in a model's timbre: the pitch, the periodicity and the loudness of a sound, frame by frame.

The shape of the bands is left to the model: the shape of a voice's or of another instrument's is not copied.
This file draws nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.extraction import features_of
from partita.audio.features.layout import FrameLayout
from partita.audio.features.mel import FLOOR, SCALE, SHIFT
from partita.audio.features.rounding import BAND_STEP
from partita.data.notes import Note
from partita.errors import PartitaError

VOICED = 0.5
"""Least periodicity of a frame with a pitch."""
LEAST_FRAMES = 10
"""Voiced frames that a line needs: a tenth of a second."""
MOST_STRETCH = 2.0
"""The most that differences of loudness are made larger or smaller."""
LOUDEST_GAIN = 4.0
"""The most that drawn bands are raised to reach a loudness, nats of power: more would raise only noise."""
SHORTEST_NOTE = 6
"""Frames of one pitch that count as a note."""


@dataclass(frozen=True)
class Line:
    """What the drawn frames follow; all are (frames,) float32, and frame 0 is at the first drawn sample.

    Args:
        pitch: MIDI note numbers.
        periodicity: 0 to 1.
        loudness: see `loudness_of`.
    """

    pitch: NDArray[np.float32]
    periodicity: NDArray[np.float32]
    loudness: NDArray[np.float32]


def loudness_of(bands: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the loudness of frames: ln(1e-5 + the mean of the bands' power).

    Args:
        bands: (..., bands), standardised as `log_mel` does.

    Returns:
        (...) float32.

    >>> float(loudness_of(np.full((2, 4), (0.0 + 4.0) / 3.0))[0].round(3))
    0.0
    """
    return np.log(FLOOR + _power(bands).mean(-1)).astype(np.float32)


def at_loudness(
    bands: NDArray[np.floating[Any]], loudness: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Return frames with all bands of a frame multiplied by one gain, so that they have a loudness.

    Args:
        bands: (..., bands), standardised.
        loudness: (...), see `loudness_of`.

    Returns:
        (..., bands) float32, on the grid of the features. Bands are raised by at most `LOUDEST_GAIN`.

    >>> bands = np.array([[0.0, 0.5], [1.0, 0.0]])
    >>> loudness_of(at_loudness(bands, np.array([-1.0, -2.0]))).round(1).tolist()
    [-1.0, -2.0]
    """
    power = _power(bands)
    wanted = np.maximum(np.exp(loudness) - FLOOR, 0.0)
    gain = np.minimum(wanted / np.maximum(power.mean(-1), 1e-12), np.exp(LOUDEST_GAIN))
    moved = (np.log(FLOOR + power * gain[..., None]) + SHIFT) / SCALE
    return (np.rint(moved / BAND_STEP) * BAND_STEP).astype(np.float32)


def line_of(
    sound: NDArray[np.floating[Any]],
    *,
    sample_rate: int,
    layout: FrameLayout,
    typical: NDArray[np.float32],
    transpose: float | None = None,
) -> Line:
    """Return the line of a sound, moved into a model's range of pitch and of loudness.

    The pitch is moved by the whole octaves that bring its median nearest to the median of typical frames. The
    loudness gets the mean and the standard deviation of theirs; voiced frames count.

    Args:
        sound: (samples,) float in [-1, 1]: one voice at a time.
        sample_rate: Hz.
        layout: the columns of the model's frames.
        typical: (frames, feature columns) from the training of the model.
        transpose: move the pitch by so many semitones, in place of octaves.

    Raises:
        PartitaError: the sound is too short, or has no pitch.
    """
    features = features_of(sound, sample_rate=sample_rate, layout=layout)
    bands, pitch, periodicity = (
        features[:, : layout.bands],
        features[:, layout.bands],
        features[:, layout.bands + 1],
    )
    voiced = periodicity >= VOICED
    if voiced.sum() < LEAST_FRAMES:
        raise PartitaError(
            f"the line (`like`) has a pitch for {voiced.sum() * layout.hop_length / sample_rate:.2f} s of"
            f" {len(sound) / sample_rate:.2f} s, must be at least"
            f" {LEAST_FRAMES * layout.hop_length / sample_rate:.2f} s: give one voice, sung or played, without"
            " others"
        )
    good = typical[typical[:, layout.bands + 1] >= VOICED]
    good = good if len(good) else typical
    if transpose is None:
        octaves = (np.median(good[:, layout.bands]) - np.median(pitch[voiced])) / 12
        transpose = 12.0 * float(np.rint(octaves))
    loudness = _matched(loudness_of(bands), voiced, loudness_of(good[:, : layout.bands]))
    return Line((pitch + transpose).astype(np.float32), periodicity.astype(np.float32), loudness)


def notes_of(line: Line, *, hop_s: float) -> list[Note]:
    """Return the notes of a line: stretches of voiced frames whose pitch rounds to the same semitone.

    Args:
        line: the line.
        hop_s: seconds from one frame to the next.

    >>> pitch = np.repeat(np.float32([60, 62]), 20)
    >>> notes_of(Line(pitch, np.ones(40, np.float32), np.zeros(40, np.float32)), hop_s=0.01)
    [Note(start_s=0.0, end_s=0.2, midi_pitch=60), Note(start_s=0.2, end_s=0.4, midi_pitch=62)]
    """
    keys = np.where(line.periodicity >= VOICED, np.rint(line.pitch), -1.0).astype(int)
    ends = np.flatnonzero(np.diff(keys, append=-2)) + 1
    starts = np.concatenate([[0], ends[:-1]])
    return [
        Note(float(start * hop_s), float(end * hop_s), int(keys[start]))
        for start, end in zip(starts, ends, strict=True)
        if 0 <= keys[start] <= 127 and end - start >= SHORTEST_NOTE
    ]


class PlayedLine:
    """A line as the frame tier's sampler follows it: pitch and periodicity are fixed, the loudness is set.

    Args:
        line: the line.
        first: the number of the line's first frame among the frames that are drawn.

    >>> line = Line(np.float32([60]), np.float32([1]), np.float32([0]))
    >>> PlayedLine(line, first=1).fixed(1), PlayedLine(line, first=1).fixed(2)
    ((60.0, 1.0), None)
    """

    def __init__(self, line: Line, *, first: int = 0) -> None:
        self._line, self._first = line, first

    def fixed(self, frame: int) -> tuple[float, float] | None:
        """Return the pitch and the periodicity of a frame, or None before and after the line."""
        place = frame - self._first
        if not 0 <= place < len(self._line.pitch):
            return None
        return float(self._line.pitch[place]), float(self._line.periodicity[place])

    def bands(self, frame: int, drawn: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return drawn bands, (clips, bands), with the loudness of the line; unchanged outside of the line."""
        place = frame - self._first
        if not 0 <= place < len(self._line.loudness):
            return drawn
        return at_loudness(drawn, np.full(len(drawn), self._line.loudness[place]))


def _matched(
    loudness: NDArray[np.float32], voiced: NDArray[np.bool_], typical: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return a loudness with the mean and the standard deviation of another, of voiced frames."""
    own = loudness[voiced]
    stretch = np.clip(typical.std() / max(float(own.std()), 1e-6), 1 / MOST_STRETCH, MOST_STRETCH)
    return (typical.mean() + stretch * (loudness - own.mean())).astype(np.float32)


def _power(bands: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.maximum(np.exp(SCALE * np.asarray(bands, np.float64) - SHIFT) - FLOOR, 0.0)
