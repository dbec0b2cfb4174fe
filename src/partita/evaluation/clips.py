"""Clips for evaluation: real prompts, their real continuations, and a model's continuations.

The prompts depend only on the corpus, the split and the seed, so every model continues the same prompts. This
file computes no scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.frames import frames_around
from partita.data.prompts import prompt_places, prompts_at
from partita.errors import PartitaError
from partita.models.choice import Model
from partita.models.frame_tier.model import FrameModel
from partita.sampling.blocks.choice import draw_from, smoothing_of
from partita.sampling.config import FRAME_TEMPERATURE, SamplingConfig
from partita.sampling.given.continuation import continued_frames, known_layout
from partita.sampling.given.source import UNKNOWN

MIN_CLIPS = 4  # the Frechet distance compares two halves of the clips
MIN_SECONDS = 0.25
MAX_FILL = 0.6  # clips are placed at random: a fuller split would leave no gaps without overlap
SHRINK = 0.9  # factor by which clips and prompts are shortened until they fit


def fit_clips(
    lengths: Sequence[float], *, clips: int, seconds: float, prompt_seconds: float
) -> tuple[int, float, float]:
    """Reduce the number and the length of clips until they fit into held-out sound without overlap.

    Overlapping clips would put the same sound into both halves of a comparison and make the distance between
    the halves of real sound too small. The clips with their prompts therefore fill at most the share
    `MAX_FILL` of the sound. If fewer than `MIN_CLIPS` fit, clips and prompts are shortened, down to about
    `MIN_SECONDS`. Numbers that fit are returned unchanged.

    Args:
        lengths: length of each segment of the split, in seconds; a clip lies within one segment.
        clips: the largest number of clips, at least `MIN_CLIPS`.
        seconds: the largest length of a clip, in seconds.
        prompt_seconds: the largest length of a prompt, in seconds.

    Returns:
        The number of clips, their length in seconds, and the length of their prompts in seconds.

    >>> fit_clips([120.0], clips=16, seconds=3.0, prompt_seconds=1.0)
    (16, 3.0, 1.0)
    >>> fit_clips([20.0, 20.0], clips=16, seconds=3.0, prompt_seconds=1.0)
    (6, 3.0, 1.0)
    """
    while True:
        whole = seconds + prompt_seconds
        fitting = int(sum(min(MAX_FILL * length / whole, length // whole) for length in lengths))
        if fitting >= MIN_CLIPS or seconds <= MIN_SECONDS:
            return max(MIN_CLIPS, min(clips, fitting)), seconds, prompt_seconds
        prompt_seconds = min(prompt_seconds, max(0.001, round(prompt_seconds * SHRINK, 3)))
        seconds = round(seconds * SHRINK, 3)


@dataclass(frozen=True)
class Places:
    """Where clips begin in a corpus.

    Args:
        corpus: the corpus.
        split: its split.
        starts: for each clip the first sample of its continuation in the store.
    """

    corpus: Corpus
    split: str
    starts: tuple[int, ...]

    def frames(self, layout: FrameLayout, *, before: int, after: int) -> NDArray[np.float32]:
        """Return the frames around the starts; see `frames_around`."""
        return frames_around(self.corpus, self.split, self.starts, layout, before=before, after=after)


@dataclass(frozen=True, kw_only=True)
class RealClips:
    """Prompts from held-out sound with their real continuations.

    Args:
        prompts: (clips, samples) classes.
        continuations: (clips, samples) classes of the sound that follows each prompt.
        quantizer: converts between classes and waveform.
        sample_rate: Hz.
        places: where the continuations are, for their frames; None if they are not from a corpus.
    """

    prompts: NDArray[Any]
    continuations: NDArray[Any]
    quantizer: Quantizer
    sample_rate: int
    places: Places | None = None

    @property
    def prompt_waveforms(self) -> NDArray[np.float32]:
        """Prompts as waveforms: (clips, samples), float in [-1, 1]."""
        return self.quantizer.decode(self.prompts)

    @property
    def waveforms(self) -> NDArray[np.float32]:
        """Continuations as quantized waveforms: (clips, samples), float in [-1, 1]."""
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
    """Choose prompts and their continuations at random positions of held-out sound.

    Args:
        corpus: a prepared corpus.
        split: "test" or "validation".
        clips: number of clips.
        seconds: length of each continuation, in seconds.
        prompt_seconds: length of each prompt, in seconds.
        seed: of the positions.
        quantizer: converts the waveform to classes.

    Raises:
        PartitaError: a length is not positive, or the split has no sound.
    """
    for name, value in (("seconds", seconds), ("prompt_seconds", prompt_seconds)):
        if not value * corpus.sample_rate >= 1:
            raise PartitaError(f"`{name}` is {value}: give a positive time in seconds")
    before, after = round(prompt_seconds * corpus.sample_rate), round(seconds * corpus.sample_rate)
    has_frames = corpus.has_pitch or corpus.has_notes or bool(corpus.label_values())
    hop = hop_length_for(corpus.sample_rate) if has_frames else 1  # continuations begin at a frame's centre
    length = -(-before // hop) * hop + after
    places = prompt_places(corpus, split, count=clips, length=length, seed=seed, grid=hop)
    classes = prompts_at(corpus, places, length=length, quantizer=quantizer)
    return RealClips(
        prompts=classes[:, length - after - before : length - after],
        continuations=classes[:, length - after :],
        quantizer=quantizer,
        sample_rate=corpus.sample_rate,
        places=Places(corpus, split, tuple(max(start, stop - after) for start, stop in places)),
    )


def draw_continuations(
    model: Model,
    real: RealClips,
    *,
    frames: FrameModel | None = None,
    seed: int,
    temperature: float = 1.0,
    frame_temperature: float = FRAME_TEMPERATURE,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Draw a model's continuation of each prompt, with the length of the real continuations.

    A model with a condition follows the features that the frame tier draws after those of the prompt, and the
    notes and labels of the real continuation.

    Args:
        model: the model; it sees as much of the prompt as its receptive field covers.
        real: the prompts.
        frames: the frame tier; without it, a model with a condition is given the real features as well.
        seed: of the draws; clip c uses the same random numbers with every model.
        temperature: of the samples; 1 leaves the distribution of the model unchanged.
        frame_temperature: of the frame tier.
        threads: CPU threads; by default all cores.

    Returns:
        (clips, samples) waveforms, float in [-1, 1].

    Raises:
        PartitaError: the model has a condition, and the prompts are not from a corpus that has its frames.
    """
    clips, steps = real.continuations.shape
    smoothing = smoothing_of(model)
    conditions, layout = None, known_layout(model, frames)
    if layout is not None:
        if real.places is None:
            raise PartitaError("the prompts have no frames, which the model needs: give prompts of a corpus")
        before = max(UNKNOWN + 1, -(-real.prompts.shape[1] // layout.hop_length))
        known = real.places.frames(layout, before=before, after=steps // layout.hop_length + 1)
        conditions = continued_frames(
            model, frames, known, before=before, seed=seed, temperature=frame_temperature
        )
    classes = draw_from(
        model,
        clips=clips,
        steps=steps,
        prompt=real.prompts,
        config=SamplingConfig(seed=seed, temperature=temperature, smoothing=smoothing, threads=threads),
        zero_class=real.quantizer.zero_class,
        conditions=conditions,
    )
    return real.quantizer.decode(classes)
