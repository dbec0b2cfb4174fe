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
from partita.audio.features.pitch import VOICED
from partita.data.notes import Note
from partita.errors import PartitaError
from partita.sampling.frames.loudness import loudness_of

PEAK, SILENT_PEAK = 0.9, 1e-4
"""The peak to which a line is scaled, and the one up to which it is silence."""
CLICKS = 0.002
"""The share of samples that may be above the peak: clicks do not count."""
LEAST_FRAMES = 10
"""Voiced frames that a line needs: a tenth of a second."""
MOST_STRETCH = 2.0
"""The most that differences of loudness are made larger or smaller."""
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

    def columns(self, *, free: int = 0) -> NDArray[np.float32]:
        """Return what the frame tier's sampler follows, (free + frames, 3): pitch, periodicity, loudness.

        Args:
            free: frames before the line, which follow nothing: their values are NaN.
        """
        columns = np.stack([self.pitch, self.periodicity, self.loudness], 1).astype(np.float32)
        return np.concatenate([np.full((free, 3), np.nan, np.float32), columns])


def line_of(
    sound: NDArray[np.floating[Any]],
    *,
    sample_rate: int,
    layout: FrameLayout,
    typical: NDArray[np.float32],
    transpose: float | None = None,
) -> Line:
    """Return the line of a sound, moved into a model's range of pitch and of loudness.

    The pitch is moved by whole octaves, so that its median is as near as possible to the median of the
    typical frames. The loudness is scaled and shifted. The louder half of the voiced frames then has the mean
    of the typical frames and, within limits, their standard deviation.

    Args:
        sound: (samples,) float in [-1, 1]: one voice at a time.
        sample_rate: Hz.
        layout: the columns of the model's frames.
        typical: (frames, feature columns) from the training of the model, of its louder half.
        transpose: move the pitch by so many semitones, in place of octaves.

    Raises:
        PartitaError: the sound is too short, or has no pitch.
    """
    features = features_of(_loud(sound), sample_rate=sample_rate, layout=layout)
    bands, pitch, periodicity = (
        features[:, : layout.bands],
        features[:, layout.bands],
        features[:, layout.bands + 1],
    )
    voiced = periodicity >= VOICED
    if voiced.sum() < LEAST_FRAMES:
        raise PartitaError(
            f"the line (`like`) has a pitch for {voiced.sum() * layout.hop_length / sample_rate:.2f} s of its"
            f" {len(sound) / sample_rate:.2f} s, must have one for at least 0.1 s: give one voice, sung or"
            " played"
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


def _loud(sound: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return a sound at full level: the tracker finds no pitch in quiet sound."""
    peak = float(np.quantile(np.abs(sound), 1.0 - CLICKS)) if len(sound) else 0.0
    return np.clip(PEAK / peak * sound, -1.0, 1.0) if peak > SILENT_PEAK else sound


def _matched(
    loudness: NDArray[np.float32], voiced: NDArray[np.bool_], typical: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return a loudness whose louder half of the voiced frames has the mean and spread of typical frames."""
    own = loudness[voiced]
    own = own[own >= np.median(own)]
    stretch = np.clip(typical.std() / max(float(own.std()), 1e-6), 1 / MOST_STRETCH, MOST_STRETCH)
    matched: NDArray[np.float32] = (typical.mean() + stretch * (loudness - own.mean())).astype(np.float32)
    return matched
