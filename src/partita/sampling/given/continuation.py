"""Frames of clips that continue sound whose frames are known: drawn after the known ones, or the real ones.

A corpus has such frames: its pitch was tracked once, and its notes and labels are those of the real sound.
This file knows no corpora.
"""

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.models.choice import Model
from partita.models.frame_tier.model import FrameModel
from partita.sampling.config import FRAME_TEMPERATURE, GUIDANCE
from partita.sampling.frame_sources import DrawnFrames, FrameSource, GivenFrames
from partita.sampling.frames.sampler import FrameSampler
from partita.sampling.given.source import UNKNOWN


def continued_frames(
    model: Model,
    frames: FrameModel | None,
    known: NDArray[np.float32],
    *,
    before: int,
    seed: int = 0,
    temperature: float = FRAME_TEMPERATURE,
    guidance: float = GUIDANCE,
) -> FrameSource | None:
    """Return the frames of clips that continue sound, or None for a model without a condition.

    Args:
        model: the network of the samples.
        frames: the frame tier's network, which draws the features after the prompt; None takes the real ones.
        known: (clips, frames, columns of `known_layout`) the frames of the prompts and of the real sound
            after them. If the frame tier draws the features after the prompt, the real ones are not used.
        before: frames before the one that is centred at the first drawn sample, more than `UNKNOWN`.
        seed: the seed of the clips.
        temperature: of the frame tier.
        guidance: how strongly drawn frames follow notes and labels.

    Returns:
        frames with one row for each clip.
    """
    layout = model.config.condition
    if layout is None:
        return None
    own = _columns(known, known_layout(model, frames), layout)
    if frames is None or not layout.bands:
        return GivenFrames(own, first=-before)
    count = layout.feature_columns
    past = known[:, : before - UNKNOWN, :count]
    tier = frames.config.layout
    sampler = FrameSampler(
        frames,
        clips=len(known),
        seed=seed,
        temperature=temperature,
        guidance=guidance,
        history=known[:, : before - UNKNOWN],
        given=known[:, before - UNKNOWN :, count:] if tier.columns > count else None,
    )
    given = GivenFrames(own[:, :, count:], first=-before) if layout.columns > count else None
    return DrawnFrames(sampler, prompt=np.concatenate([past, sampler.take(UNKNOWN)], 1), given=given)


def known_layout(model: Model, frames: FrameModel | None) -> FrameLayout | None:
    """Return the columns of the known frames: the frame tier's, which include all of the sample tier's.

    Args:
        model: the network of the samples.
        frames: the frame tier's network, or None.
    """
    return model.config.condition if frames is None else frames.config.layout


def _columns(
    known: NDArray[np.float32], layout: FrameLayout | None, wanted: FrameLayout
) -> NDArray[np.float32]:
    """Return the columns of a layout that has no notes, or the same columns."""
    if layout is None or layout.columns == wanted.columns:
        return known
    features, labels = wanted.feature_columns, len(wanted.labels)
    return np.concatenate([known[..., :features], known[..., known.shape[-1] - labels :]], -1)
