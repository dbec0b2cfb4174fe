"""Draw clips of a run, and take real sound of the same length to compare them with."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.pcm import INT16_SCALE
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.clips import draw_continuations, fit_clips, real_clips
from partita.evaluation.evaluate import check_model_fits_corpus
from partita.runs.loading import LoadedModel

CLIPS, SECONDS, PROMPT_SECONDS = 6, 5.0, 1.0
REAL_CLIPS = 32
"""Real clips that show how much sound differs from place to place."""
SPLIT = "validation"

Clips = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class DrawnClips:
    """Clips of a run, and real sound.

    Args:
        model: the run as it is typed.
        clips: (clips, samples) drawn, float in [-1, 1].
        real: (clips, samples) of the corpus; empty without a corpus.
        sample_rate: Hz.
        temperature: of the samples.
        frame_temperature: of the frame tier; None for a model without one.
    """

    model: str
    clips: Clips
    real: Clips
    sample_rate: int
    temperature: float
    frame_temperature: float | None


@dataclass(frozen=True)
class Drawer:
    """Draws clips of a model at any temperature, always after the same prompts with the same random numbers.

    Args:
        name: the run as it is typed.
        model: the model.
        corpus: a corpus that gives prompts and real sound; without it clips begin in silence.
        temperature: of the samples; None is the model's own.
        frame_temperature: of the frame tier; None is the model's own.
    """

    name: str
    model: LoadedModel
    corpus: Corpus | None = None
    temperature: float | None = None
    frame_temperature: float | None = None

    def draw(self, *, factor: float = 1.0, frame_factor: float = 1.0) -> DrawnClips:
        """Draw the clips.

        Args:
            factor: by which the temperature of the samples is multiplied.
            frame_factor: by which that of the frame tier is multiplied.

        Raises:
            PartitaError: the corpus does not fit the model, or has too little sound.
        """
        hot = factor * (self.temperature or self.model.temperature)
        frames = frame_factor * (self.frame_temperature or self.model.frame_temperature)
        if self.corpus is None:
            clips, real = self._after_silence(hot, frames), np.empty((0, 0), np.float32)
        else:
            clips, real = self._after_prompts(self.corpus, hot, frames)
        return DrawnClips(
            model=self.name,
            clips=clips,
            real=real,
            sample_rate=self.model.sample_rate,
            temperature=hot,
            frame_temperature=None if self.model.frames is None else frames,
        )

    def _after_silence(self, temperature: float, frame_temperature: float) -> Clips:
        tiers = None if self.model.frames is None else frame_temperature
        return self.model.draw(SECONDS, clips=CLIPS, seed=0, temperature=temperature, frame_temperature=tiers)

    def _after_prompts(
        self, corpus: Corpus, temperature: float, frame_temperature: float
    ) -> tuple[Clips, Clips]:
        check_model_fits_corpus(self.model, corpus, SPLIT)
        count, seconds, prompt = fit_clips(
            corpus.segment_seconds(SPLIT), clips=CLIPS, seconds=SECONDS, prompt_seconds=PROMPT_SECONDS
        )
        prompts = real_clips(
            corpus,
            SPLIT,
            clips=count,
            seconds=seconds,
            prompt_seconds=prompt,
            seed=0,
            quantizer=self.model.quantizer,
        )
        clips = draw_continuations(
            self.model.model,
            prompts,
            frames=self.model.frames,
            seed=0,
            temperature=temperature,
            frame_temperature=frame_temperature,
        )
        return clips, _real(corpus, clips.shape[1])


def _real(corpus: Corpus, length: int) -> Clips:
    """Return real clips of a length, spread over the training and the validation split."""
    places = [
        segment.offset + start
        for split in ("train", "validation")
        for segment in corpus.segments(split)
        for start in range(0, segment.length - length + 1, length)
    ]
    if not places:
        raise PartitaError(
            f"the segments of {corpus.path} are shorter than {length / corpus.sample_rate:.1f} s"
        )
    step = max(1, math.ceil(len(places) / REAL_CLIPS))
    sound = np.stack([corpus.samples[at : at + length] for at in places[::step]])
    return sound.astype(np.float32) / np.float32(INT16_SCALE)
