"""Choose the temperature of a sample tier that is given features: the one whose clips are nearest to real.

Clips are drawn given the real features of validation sound, so each has a real counterpart, and only the
sound between the features differs: haze at a high temperature, missing noise of the bow at a low one.
"""

from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from partita.data.corpus import Corpus
from partita.data.frames.excerpts import segment_frames
from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.stream import draw
from partita.seeds import numpy_stream
from partita.training.config.train import TrainConfig

TEMPERATURES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4)
CLIPS = 8
SECONDS = 1.5
WINDOW_SECONDS = 0.064
FLOOR = 1e-5  # power that counts as silence: about -50 dB below a loud partial


def choose_temperature(
    model: WaveNet, corpus: Corpus, config: TrainConfig
) -> tuple[float, dict[float, float]]:
    """Return the temperature whose clips are nearest to the validation sound, and the distance of each.

    Args:
        model: a network with a condition, on any device; it is copied to the CPU.
        corpus: the run's corpus; its validation split has sound.
        config: the run's config.

    Returns:
        the temperature, and for each that was tried the mean distance of log spectra in decibels.

    Raises:
        PartitaError: the validation split has no sound.
    """
    prompts, real, frames, before = _excerpts(model, corpus, config)
    network = deepcopy(model).cpu()
    distances = {}
    for temperature in TEMPERATURES:
        classes = draw(
            network,
            clips=len(real),
            steps=real.shape[1],
            prompt=prompts,
            config=SamplingConfig(seed=config.seed, temperature=temperature, threads=config.threads),
            zero_class=config.quantizer.zero_class,
            conditions=GivenFrames(frames, first=-before),
        )
        clips = config.quantizer.decode(classes)
        distances[temperature] = log_spectral_distance(clips, real, sample_rate=corpus.sample_rate)
    return min(distances, key=lambda one: distances[one]), distances


def log_spectral_distance(
    drawn: NDArray[np.floating], real: NDArray[np.floating], *, sample_rate: int
) -> float:
    """Return the mean absolute difference of two log power spectrograms, in decibels.

    Args:
        drawn: (clips, samples) in [-1, 1].
        real: (clips, samples), the counterparts.
        sample_rate: Hz.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (1, 4000))
    >>> round(log_spectral_distance(noise, 0.5 * noise, sample_rate=16000), 1)
    6.0
    """
    window = max(16, round(WINDOW_SECONDS * sample_rate))
    return float(np.abs(_log_spectra(drawn, window) - _log_spectra(real, window)).mean())


def _log_spectra(clips: NDArray[np.floating], window: int) -> NDArray[np.float64]:
    width = min(window, clips.shape[1])
    frames = np.lib.stride_tricks.sliding_window_view(clips, width, axis=1)[:, :: max(1, width // 2)]
    spectra = np.fft.rfft(frames * np.hanning(width), axis=2)
    power: NDArray[np.float64] = np.abs(spectra) ** 2
    return 10.0 * np.log10(power + FLOOR)


def _excerpts(
    model: WaveNet, corpus: Corpus, config: TrainConfig
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], int]:
    """Return prompts as classes, the real sound after them, all frames, and the frames before the sound."""
    layout = model.config.condition
    assert layout is not None
    hop = layout.hop_length
    segments = corpus.segments("validation")
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no validation sound: prepare it with some")
    before = -(-model.receptive_field // hop) + 1
    longest = max(segment.length for segment in segments)
    length = min(round(SECONDS * corpus.sample_rate), longest - before * hop)
    steps = max(hop, length // hop * hop)
    rng = numpy_stream(config.seed, "temperature")
    lengths = np.array([segment.length for segment in segments], np.float64)
    prompts, sounds, frames = [], [], []
    for number in rng.choice(len(segments), CLIPS, p=lengths / lengths.sum()):
        segment = segments[number]
        every = segment_frames(corpus, segment, layout)
        last = max(0, (segment.length - steps) // hop - before)
        start = int(rng.integers(0, last, endpoint=True))
        sound = np.zeros(before * hop + steps, np.int16)
        part = corpus.samples[segment.offset + start * hop :][: min(len(sound), segment.length - start * hop)]
        sound[: len(part)] = part
        prompts.append(config.quantizer.encode_int16(sound[: before * hop]))
        sounds.append(config.quantizer.decode(config.quantizer.encode_int16(sound[before * hop :])))
        places = np.arange(start, start + before + steps // hop + 1).clip(0, len(every) - 1)
        frames.append(every[places])
    return np.stack(prompts).astype(np.int64), np.stack(sounds), np.stack(frames), before
