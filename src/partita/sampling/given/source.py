"""The frames that clips follow: from a prompt, labels, a score, a line or features, and the frame tier.

This file reads no files, and it does not know how frames enter the network of the samples.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.extraction import REACH, features_before
from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.frame_tier.model import FrameModel
from partita.models.frame_tier.sampler import FrameSampler
from partita.models.wavenet import WaveNet
from partita.sampling.frame_sources import DrawnFrames, FrameSource
from partita.sampling.given.columns import GivenColumns, check_labels, label_rows
from partita.sampling.given.given import Given
from partita.sampling.given.line import Line, line_of, notes_of

PROMPT_FRAMES = 2000
"""Frames at the end of a prompt that the frame tier continues: 20 s."""


def frame_source(
    model: WaveNet,
    frames: FrameModel | None,
    given: Given,
    *,
    sample_rate: int,
    prompt: NDArray[np.floating[Any]] | None,
    clips: int,
    seed: int,
    temperature: float,
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

    Raises:
        PartitaError: the model can't use what is given, or the prompt is too short.
    """
    layout, tier = model.config.condition, None if frames is None else frames.config.layout
    given.check(layout, tier)
    known = [label for one in (tier, layout) if one is not None for label in one.labels]
    check_labels(list(dict.fromkeys(known)), given.labels)
    if layout is None:
        return None
    plan = _Plan(given, sample_rate=sample_rate, clips=clips, seed=seed)
    own = plan.columns(layout)
    if not layout.bands:
        return own
    past = None if prompt is None else _past(np.atleast_2d(prompt), layout, sample_rate)
    if given.features is not None:
        return DrawnFrames(_Features(given.features, layout), prompt=past, given=own)
    assert frames is not None
    assert tier is not None
    sampler = plan.sampler(frames, past, temperature)
    if past is not None:  # the frame just before the first sample is not known from the prompt: see `_past`
        between = np.repeat(past, clips // len(past), 0) if len(past) < clips else past
        past = np.concatenate([between, sampler.take(REACH - 1)], 1)
    return DrawnFrames(sampler, prompt=past, given=own)
