"""The frames that clips follow: from a prompt, labels, a score, a line or features, and the frame tier.

This file reads no files, and it does not know how frames enter the network of the samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.extraction import REACH, features_before
from partita.audio.features.layout import FrameLayout
from partita.data.notes import Note
from partita.errors import PartitaError
from partita.models.choice import Model
from partita.models.frame_tier.model import FrameModel
from partita.sampling.frame_sources import DrawnFrames, DrawsFrames, FrameSource, GivenFrames
from partita.sampling.frames.sampler import FrameSampler
from partita.sampling.given.columns import GivenColumns, check_labels, label_rows
from partita.sampling.given.given import Given
from partita.sampling.given.line import Line, line_of, notes_of
from partita.sampling.given.rests import WithRests

UNKNOWN = REACH - 1
"""Frames before the first sample that are drawn, since their windows end after the prompt."""
PROMPT_FRAMES = 2000
"""Frames at the end of a prompt that the frame tier continues: 20 s."""


def frame_source(
    model: Model,
    frames: FrameModel | None,
    given: Given,
    *,
    sample_rate: int,
    prompt: NDArray[np.floating[Any]] | None,
    clips: int,
    seed: int,
    temperature: float,
    guidance: float,
) -> FrameSource | None:
    """Return the frames that clips follow, or None for a model without a condition.

    Args:
        model: the network of the samples.
        frames: the frame tier's network; None for a model without one.
        given: what the clips are given.
        sample_rate: Hz.
        prompt: (samples,) for all clips, or (clips, samples), float in [-1, 1]; its features are continued.
        clips: the number of clips.
        seed: the seed of the clips.
        temperature: of the frame tier.
        guidance: how strongly drawn frames follow notes and labels.

    Raises:
        PartitaError: the model can't use what is given, or the prompt is too short.
    """
    layout, tier = model.config.condition, None if frames is None else frames.config.layout
    given.check(layout, tier)
    known = [label for one in (tier, layout) if one is not None for label in one.labels]
    check_labels(list(dict.fromkeys(known)), given.labels)
    if layout is None:
        return None
    past = None if prompt is None or not layout.bands else _past(np.atleast_2d(prompt), layout, sample_rate)
    plan = _Plan(given, sample_rate, clips, seed)
    own = plan.columns(layout)
    if not layout.bands:
        return own
    if given.features is not None:
        features = _Features(given.features, layout, rows=1 if past is None else len(past))
        if past is not None:
            rows = len(features.first)
            before = np.repeat(features.first, UNKNOWN, 1)  # the prompt's own frames end earlier
            past = np.concatenate([np.repeat(past, rows // len(past), 0), before], 1)
        return DrawnFrames(features, prompt=past, given=own)
    assert frames is not None
    sampler = plan.sampler(frames, past, temperature, guidance)
    if past is not None:
        past = np.concatenate([np.repeat(past, clips // len(past), 0), sampler.take(UNKNOWN)], 1)
    return DrawnFrames(sampler, prompt=past, given=own)


@dataclass(frozen=True)
class _Plan:
    """What is common to both tiers."""

    given: Given
    sample_rate: int
    clips: int
    seed: int

    def columns(self, layout: FrameLayout, line: Line | None = None) -> GivenColumns | None:
        """Return the columns of notes and labels of a layout, if it has any; a line gives its notes."""
        if layout.columns == layout.feature_columns:
            return None
        notes = self._notes(line, layout.hop_length / self.sample_rate)
        labels = label_rows(layout.labels, self.given.labels, clips=self.clips, seed=self.seed)
        return GivenColumns(layout, sample_rate=self.sample_rate, notes=notes, labels=labels)

    def sampler(
        self, frames: FrameModel, past: NDArray[np.float32] | None, temperature: float, guidance: float
    ) -> DrawsFrames:
        """Return what draws frames; with a past, its first frames are those before the first sample."""
        first = 0 if past is None else -UNKNOWN
        line = self._line(frames)
        columns, hop_s = (
            self.columns(frames.config.layout, line),
            frames.config.layout.hop_length / self.sample_rate,
        )
        last = max((note.end_s for note in self._notes(line, hop_s)), default=0.0)
        given = None if columns is None else columns.frames(first, math.ceil(last / hop_s) + 1)
        sampler = FrameSampler(
            frames,
            clips=self.clips,
            seed=self.seed,
            temperature=temperature,
            guidance=guidance,
            history=past,
            given=given,
            line=None if line is None else line.columns(free=-first),
        )
        if not self.given.notes:
            return sampler
        bands, after_sound = frames.config.layout.bands, past is not None
        return WithRests(
            sampler, self.given.notes, bands=bands, hop_s=hop_s, first=first, after_sound=after_sound
        )

    def _notes(self, line: Line | None, hop_s: float) -> Sequence[Note]:
        return (self.given.notes or ()) if line is None else notes_of(line, hop_s=hop_s)

    def _line(self, frames: FrameModel) -> Line | None:
        if self.given.like is None:
            return None
        return line_of(
            self.given.like,
            sample_rate=self.sample_rate,
            layout=frames.config.layout,
            typical=frames.starts.cpu().numpy(),
            transpose=self.given.transpose,
        )


class _Features:
    """Features that are given, as if they were drawn; after the last frame it is repeated.

    Args:
        features: (frames, feature columns), or (clips, frames, feature columns).
        layout: the columns of the model's frames.
        rows: rows of the prompt; one row of features stands for all of them.
    """

    def __init__(self, features: NDArray[np.floating[Any]], layout: FrameLayout, *, rows: int) -> None:
        frames = np.asarray(features, np.float32)
        frames = frames[None] if frames.ndim == 2 else frames
        if frames.ndim != 3 or 0 in frames.shape or frames.shape[2] != layout.feature_columns:
            raise PartitaError(
                f"`features` has the shape {np.shape(features)}: give (frames, {layout.feature_columns}) or"
                f" (clips, frames, {layout.feature_columns}) for this model"
            )
        if len(frames) == 1:
            frames = np.repeat(frames, rows, 0)
        elif rows not in (1, len(frames)):
            raise PartitaError(
                f"`features` has {len(frames)} clips and `prompt` {rows}: give both for the same clips"
            )
        self.first = frames[:, :1]
        """(clips, 1, feature columns): the first frame."""
        self._frames, self._taken = GivenFrames(frames), 0

    def take(self, count: int) -> NDArray[np.float32]:
        self._taken += count
        return self._frames.frames(self._taken - count, self._taken)


def _past(prompt: NDArray[np.floating[Any]], layout: FrameLayout, sample_rate: int) -> NDArray[np.float32]:
    """Return the features of the prompts of all clips, (clips or 1, frames, feature columns).

    They end with frame -2: the window of frame -1 needs sound that is not drawn yet, so it is drawn too.
    """
    return np.stack(
        [features_before(row, sample_rate=sample_rate, layout=layout, most=PROMPT_FRAMES) for row in prompt]
    )
