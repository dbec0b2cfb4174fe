"""Choose the temperature of a frame tier: the one at which pitches stay for as long as in real sound.

How long a drawn note lasts depends steeply on the temperature: at a low one a tier stays on one note, at a
high one it changes from frame to frame. Tiers differ in the temperature at which it is right, since they have
also learnt from their own frames, which makes their mixtures too wide or too narrow.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.audio.features.pitch import VOICED
from partita.data.corpus import Corpus
from partita.data.frames import frames_around
from partita.data.prompts import prompt_places
from partita.errors import PartitaError
from partita.models.frame_tier.model import FrameModel
from partita.sampling.frames.sampler import FrameSampler
from partita.sampling.given.columns import GivenColumns, label_rows

LOW, HIGH = 0.6, 1.4
"""The least and the greatest temperature."""
MOST = 5
"""How many temperatures are tried at most."""
TRIED = 3
"""How many at least should be: the number of clips is chosen for it."""
CLIPS, LEAST_CLIPS, SECONDS = 24, 6, 6.0
"""Clips of each temperature, and of real sound, fewer where time is short, and the length of each."""
MEASURED = 50
"""Frames that are drawn to measure how long drawing takes."""
STEADY = 0.5
"""The most semitones from one frame to the next that count as the same note."""


@dataclass(frozen=True)
class FrameTemperatureChoice:
    """A temperature, and what it was compared with.

    Args:
        temperature: the one at which steady pitches last as long as real ones.
        real: how long real ones last, in seconds; see `steady_seconds`.
        drawn: for each temperature that was tried how long drawn ones last.

    >>> FrameTemperatureChoice(0.9, 0.3, {1.0: 0.2}).numbers()
    {'frame_temperature': 0.9, 'steady_seconds': 0.3, 'steady_seconds_at_1': 0.2}
    """

    temperature: float
    real: float
    drawn: dict[float, float]

    def numbers(self) -> dict[str, float]:
        """Return all numbers by name, for a record of the metrics."""
        found = {"frame_temperature": self.temperature, "steady_seconds": round(self.real, 4)}
        return found | {f"steady_seconds_at_{one:g}": round(far, 4) for one, far in self.drawn.items()}


def choose_frame_temperature(
    model: FrameModel, corpus: Corpus, *, seed: int, seconds: float = math.inf
) -> FrameTemperatureChoice | None:
    """Return the temperature at which drawn pitches stay for as long as those of the training sound.

    Args:
        model: a frame tier.
        corpus: the corpus that it was trained on.
        seed: of the excerpts and of the drawn frames, which are the same at all temperatures.
        seconds: the most time that the choice may take.

    Returns:
        the choice, or None if there is too little time, no sound long enough that has a pitch, or no
        temperature between `LOW` and `HIGH` at which pitches last as long.
    """
    begun, layout = time.monotonic(), model.config.layout
    count = round(SECONDS * corpus.sample_rate / layout.hop_length)
    try:
        real = _steady_real(corpus, layout, count, seed)
    except PartitaError:  # the training sound is silent, or its recordings are short
        return None
    clips = _affordable(model, count, (seconds - (time.monotonic() - begun)) / TRIED)
    if not real or clips < LEAST_CLIPS:
        return None
    drawn: dict[float, float] = {}
    low, high = LOW, HIGH
    while len(drawn) < MOST:
        spent = time.monotonic() - begun
        if drawn and spent * (len(drawn) + 1) / len(drawn) > seconds:
            break
        temperature = round((low + high) / 2, 4)
        drawn[temperature] = _steady_drawn(model, count, seed, temperature, corpus.sample_rate, clips)
        low, high = (temperature, high) if drawn[temperature] > real else (low, temperature)
    found = crossing(drawn, real)
    return None if found is None else FrameTemperatureChoice(found, real, drawn)


def _affordable(model: FrameModel, count: int, seconds: float) -> int:
    """Return how many clips can be drawn in some seconds, at most `CLIPS`."""
    if seconds == math.inf:
        return CLIPS
    sampler = FrameSampler(model)
    sampler.take(1)  # loads the compiled code
    begun = time.monotonic()
    sampler.take(MEASURED)
    each = (time.monotonic() - begun) / MEASURED * count
    return max(0, min(CLIPS, int(seconds / max(each, 1e-9))))


def crossing(drawn: dict[float, float], real: float) -> float | None:
    """Return the temperature at which the drawn duration is the real one.

    Between two temperatures the logarithm of the duration is taken to be linear.

    Args:
        drawn: duration by temperature; at higher temperatures it is shorter.
        real: the real duration.

    Returns:
        the temperature, or None if all durations are longer than the real one, or all are shorter.

    >>> crossing({1.0: 0.1, 0.8: 0.4}, 0.2)
    0.9
    >>> crossing({1.0: 0.1, 0.8: 0.4}, 3.0) is None
    True
    """
    longer = [one for one, seconds in drawn.items() if seconds > real]
    shorter = [one for one, seconds in drawn.items() if seconds <= real]
    if not longer or not shorter:
        return None
    low, high = max(longer), min(shorter)
    least = 1e-6  # so that frames without a pitch have a logarithm
    a, b, wanted = (math.log(max(least, one)) for one in (drawn[low], drawn[high], real))
    return round(low + (high - low) * (a - wanted) / (a - b), 2)


def steady_seconds(clips: Iterable[NDArray[np.floating]], layout: FrameLayout, *, hop_s: float) -> float:
    """Return how long the steady pitch lasts in which a voiced frame is, on average over voiced frames.

    Args:
        clips: each (frames, feature columns or more).
        layout: the columns.
        hop_s: seconds from one frame to the next.

    Returns:
        seconds, 0 if no frame is voiced.

    >>> layout = FrameLayout(hop_length=80, bands=3)
    >>> frames = np.zeros((4, 5)); frames[:, 3] = 60, 60, 60, 65; frames[:, 4] = 1
    >>> round(steady_seconds([frames], layout, hop_s=0.01), 3)  # (3 * 30 ms + 10 ms) / 4
    0.025
    """
    total = voiced = 0
    for frames in clips:
        pitch, sounds = frames[:, layout.bands], frames[:, layout.bands + 1] >= VOICED
        same = (np.abs(np.diff(pitch)) < STEADY) & sounds[1:] & sounds[:-1]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
        lengths = edges[1::2] - edges[::2] + 1
        voiced += int(sounds.sum())
        total += int((lengths**2).sum() + sounds.sum() - lengths.sum())
    return total / voiced * hop_s if voiced else 0.0


def _steady_real(corpus: Corpus, layout: FrameLayout, count: int, seed: int) -> float:
    length, features = (count - 1) * layout.hop_length, replace(layout, notes=False, labels=())
    places = prompt_places(corpus, "train", count=CLIPS, length=length, seed=seed, grid=layout.hop_length)
    if any(stop - start < length for start, stop in places):
        raise PartitaError(f"the recordings of {corpus.path} are shorter than {SECONDS} s")
    ends = [stop for _, stop in places]
    frames = frames_around(corpus, "train", ends, features, before=count - 1, after=0)
    return steady_seconds(frames, layout, hop_s=layout.hop_length / corpus.sample_rate)


def _steady_drawn(
    model: FrameModel, count: int, seed: int, temperature: float, sample_rate: int, clips: int
) -> float:
    layout = model.config.layout
    given = None
    if layout.labels:
        labels = label_rows(layout.labels, {}, clips=clips, seed=seed)
        given = GivenColumns(layout, sample_rate=sample_rate, labels=labels).frames(0, count)
    sampler = FrameSampler(model, clips=clips, seed=seed, temperature=temperature, given=given)
    return steady_seconds(sampler.take(count), layout, hop_s=layout.hop_length / sample_rate)
