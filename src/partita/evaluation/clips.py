"""Clips to score and to hear: real prompts, what really followed them, and what a model draws instead.

The places and the draws depend on the corpus, the split and the seed alone, so every model is asked the same
questions. This file does not score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.prompts import prompts
from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw

MIN_CLIPS = 4  # half of them are compared with the other half
MIN_SECONDS = 0.25
FILLED = 0.6  # places are drawn at random: a split filled further would leave none free of overlap
SHRINK = 0.9


def fit_clips(
    lengths: Sequence[float], *, clips: int, seconds: float, prompt_seconds: float
) -> tuple[int, float, float]:
    """Return how many clips, how long, with how long an prompt, fit into held-out sound without overlap.

    Clips that overlap hold the same sound on both sides of a comparison of halves, and make the distance
    between halves of real sound too small. So there are at most as many clips as fill `FILLED` of the sound;
    where that leaves fewer than `MIN_CLIPS`, clips and prompts become shorter, down to about
    `MIN_SECONDS`. What fits already comes back as it is.

    Args:
        lengths: of the split's segments, each in seconds; a clip lies inside one.
        clips: at most so many, at least `MIN_CLIPS`.
        seconds: of each clip, at most.
        prompt_seconds: before each clip, at most.

    >>> fit_clips([120.0], clips=16, seconds=3.0, prompt_seconds=1.0)
    (16, 3.0, 1.0)
    >>> fit_clips([20.0, 20.0], clips=16, seconds=3.0, prompt_seconds=1.0)
    (6, 3.0, 1.0)
    """
    while True:
        whole = seconds + prompt_seconds
        room = int(sum(min(FILLED * length / whole, length // whole) for length in lengths))
        if room >= MIN_CLIPS or seconds <= MIN_SECONDS:
            return max(MIN_CLIPS, min(clips, room)), seconds, prompt_seconds
        prompt_seconds = min(prompt_seconds, max(0.001, round(prompt_seconds * SHRINK, 3)))
        seconds = round(seconds * SHRINK, 3)


@dataclass(frozen=True, kw_only=True)
class RealClips:
    """Real stretches of held-out sound, cut in two: an prompt, and what followed it.

    Args:
        prompts: (clips, samples) classes.
        continuations: (clips, samples) classes.
        quantizer: classes <-> waveform.
        sample_rate: Hz.
    """

    prompts: NDArray[Any]
    continuations: NDArray[Any]
    quantizer: Quantizer
    sample_rate: int

    @property
    def prompt_waveforms(self) -> NDArray[np.float32]:
        """Return the prompts as (clips, samples) float in [-1, 1]."""
        return self.quantizer.decode(self.prompts)

    @property
    def waveforms(self) -> NDArray[np.float32]:
        """Return the continuations as (clips, samples) float in [-1, 1], in the classes that a model has."""
        return self.quantizer.decode(self.continuations)


def real_clips(
    corpus: Corpus,
    split: str,
    *,
    clips: int,
    seconds: float,
    prompt_seconds: float,
    seed: int,
    quantizer: Quantizer,
) -> RealClips:
    """Choose places in held-out sound.

    Args:
        corpus: a prepared corpus.
        split: "test" or "validation".
        clips: how many places.
        seconds: length of each continuation.
        prompt_seconds: length of each prompt.
        seed: chooses the places.
        quantizer: waveform -> classes.

    Raises:
        PartitaError: a length is not positive, or the split has no sound.
    """
    for name, value in (("seconds", seconds), ("prompt_seconds", prompt_seconds)):
        if not value * corpus.sample_rate >= 1:
            raise PartitaError(f"`{name}` is {value}: give a positive time in seconds")
    before, after = round(prompt_seconds * corpus.sample_rate), round(seconds * corpus.sample_rate)
    both = prompts(corpus, split, count=clips, length=before + after, seed=seed, quantizer=quantizer)
    return RealClips(
        prompts=both[:, :before],
        continuations=both[:, before:],
        quantizer=quantizer,
        sample_rate=corpus.sample_rate,
    )


def draw_continuations(
    model: WaveNet, real: RealClips, *, seed: int, temperature: float = 1.0, threads: int | None = None
) -> NDArray[np.float32]:
    """Draw a model's own continuation of each prompt: (clips, samples) float in [-1, 1], as long as the real
    ones.

    Args:
        model: whose receptive field decides how much of the prompt it sees.
        real: the prompts.
        seed: of the draws; clip c of one seed gets the same numbers under every model.
        temperature: 1 draws from the model as it is.
        threads: for the drawing; all cores by default.
    """
    clips, steps = real.continuations.shape
    config = SamplingConfig(seed=seed, temperature=temperature, threads=threads)
    classes = draw(
        model,
        clips=clips,
        steps=steps,
        prompt=real.prompts,
        config=config,
        zero_class=real.quantizer.zero_class,
    )
    return real.quantizer.decode(classes)
