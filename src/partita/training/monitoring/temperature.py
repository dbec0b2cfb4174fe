"""Choose the temperature of a sample tier that is given features: the one whose clips are nearest to real.

Clips are drawn given the real features of validation sound, so each has a real counterpart, and only the
sound between the features differs: haze at a high temperature, missing noise of the bow at a low one.
"""

import math
import time
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.data.corpus import Corpus
from partita.data.frames import frames_around
from partita.data.prompts import prompt_places, prompts_at
from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig, usual_smoothing
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.stream import draw
from partita.training.config.train import TrainConfig

# In the order in which they are tried, as far as there is time.
TEMPERATURES = (1.0, 0.7, 0.85, 0.5, 0.6, 1.15)
CLIPS = 8
SECONDS = 1.5
WINDOW_SECONDS = 0.064
MOST_GAIN = 2.0  # 6 dB, by which the level of a clip is corrected
FLOOR = 1e-6  # power of a frequency that counts as silence: of noise at -60 dB


@dataclass(frozen=True)
class TemperatureChoice:
    """A temperature, and what it was compared with.

    Args:
        temperature: the one with the smallest distance.
        distances: for each temperature the mean distance of log spectra, in decibels.

    >>> TemperatureChoice(0.5, {0.5: 4.0, 1.0: 6.0}).numbers()
    {'temperature': 0.5, 'distance_at_0.5': 4.0, 'distance_at_1': 6.0}
    """

    temperature: float
    distances: dict[float, float]

    def numbers(self) -> dict[str, float]:
        """Return all numbers by name, for a record of the metrics."""
        distances = {f"distance_at_{one:g}": round(far, 4) for one, far in self.distances.items()}
        return {"temperature": self.temperature} | distances


def choose_temperature(
    model: WaveNet, corpus: Corpus, config: TrainConfig, *, steps: int, seconds: float = math.inf
) -> TemperatureChoice | None:
    """Return the temperature whose clips are nearest to the validation sound, and the distance of each.

    Args:
        model: a network with a condition, on any device; it is copied to the CPU.
        corpus: the run's corpus.
        config: the run's config.
        steps: updates of the network; after few of them the choice would cost more than it is worth.
        seconds: the most time that the choice may take; temperatures near the middle are tried first.

    Returns:
        the choice, or None if there were few updates, no time to compare two temperatures, or no long sound.
    """
    begun = time.monotonic()
    if steps * config.batch * config.targets < len(TEMPERATURES) * CLIPS * SECONDS * corpus.sample_rate:
        return None
    try:
        prompts, real, frames, before = _excerpts(model, corpus, config)
    except PartitaError:  # the validation split is silent, or its recordings are short
        return None
    network = deepcopy(model).cpu().eval()
    distances: dict[float, float] = {}
    for temperature in TEMPERATURES:
        spent = time.monotonic() - begun
        if distances and spent * (len(distances) + 1) / len(distances) > seconds:
            break
        classes = draw(
            network,
            clips=len(real),
            steps=real.shape[1],
            prompt=prompts,
            config=SamplingConfig(
                seed=config.seed,
                temperature=temperature,
                smoothing=usual_smoothing(model.config),
                threads=config.threads,
            ),
            zero_class=config.quantizer.zero_class,
            conditions=GivenFrames(frames, first=-before),
        )
        clips = config.quantizer.decode(classes)
        distances[temperature] = log_spectral_distance(clips, real, sample_rate=corpus.sample_rate)
    if len(distances) < 2:
        return None
    return TemperatureChoice(min(distances, key=lambda one: distances[one]), distances)


def log_spectral_distance(
    drawn: NDArray[np.floating], real: NDArray[np.floating], *, sample_rate: int
) -> float:
    """Return how much the expected log power spectra of two sounds differ, in decibels.

        distance^2 = mean over frames t and frequencies of d_t d_(t + 1),   d = log spectrum drawn - real

    Each drawn clip first gets the level of its real counterpart, within `MOST_GAIN`: otherwise a clip of haze
    is nearer the quieter it is. Neighbouring windows do not overlap, so what is random in them is independent
    and has no part in the mean: otherwise the least random sound, at the lowest temperature, would be the
    nearest one.

    Args:
        drawn: (clips, samples) in [-1, 1].
        real: (clips, samples), the counterparts.
        sample_rate: Hz.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (1, 4000))
    >>> [round(log_spectral_distance(gain * noise, noise, sample_rate=16000), 1) for gain in (0.5, 0.25)]
    [0.0, 6.0]
    """
    window = max(16, min(round(WINDOW_SECONDS * sample_rate), drawn.shape[1] // 2))
    power, wanted = ((clips**2).mean(1, keepdims=True) + FLOOR for clips in (drawn, real))
    gain = np.sqrt(wanted / power).clip(1.0 / MOST_GAIN, MOST_GAIN)
    difference = _log_spectra(gain * drawn, window) - _log_spectra(real, window)
    return float(np.sqrt(max(0.0, (difference[:, 1:] * difference[:, :-1]).mean())))


def _log_spectra(clips: NDArray[np.floating], window: int) -> NDArray[np.float64]:
    """Return (clips, frames, frequencies) decibels; a sound of power 1 has about 0 dB on the average."""
    frames = np.lib.stride_tricks.sliding_window_view(clips, window, axis=1)[:, ::window]
    shape = np.hanning(window)
    power: NDArray[np.float64] = np.abs(np.fft.rfft(frames * shape, axis=2)) ** 2 / (shape**2).sum()
    return 10.0 * np.log10(power + FLOOR)


def _excerpts(
    model: WaveNet, corpus: Corpus, config: TrainConfig
) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[np.float32], int]:
    """Return prompts as classes, the real sound after them, all frames, and the frames before the sound."""
    layout = model.config.condition
    assert layout is not None
    hop, split = layout.hop_length, "validation"
    before, after = -(-model.receptive_field // hop) + 1, max(1, round(SECONDS * corpus.sample_rate / hop))
    length = (before + after) * hop
    places = prompt_places(corpus, split, count=CLIPS, length=length, seed=config.seed, grid=hop)
    if any(stop - start < length for start, stop in places):
        raise PartitaError(f"the validation recordings of {corpus.path} are shorter than {SECONDS} s")
    classes = prompts_at(corpus, places, length=length, quantizer=config.quantizer)
    starts = [stop - after * hop for _, stop in places]
    frames = frames_around(corpus, split, starts, layout, before=before, after=after)
    return classes[:, : before * hop], config.quantizer.decode(classes[:, before * hop :]), frames, before
