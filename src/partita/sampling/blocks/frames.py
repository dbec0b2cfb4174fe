"""The frames of a condition around a block of samples. This file does not know where frames come from."""

import math

import numpy as np
import torch

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import MARGIN
from partita.models.conditioning.conditions import Conditions
from partita.sampling.frame_sources import FrameSource


def needed_source(source: FrameSource | None, layout: FrameLayout | None) -> FrameSource | None:
    """Return the source of a model's frames; None for a model without a condition.

    Args:
        source: the given one.
        layout: the columns of the model's frames, if it has any.

    Raises:
        PartitaError: the model has a condition, and there is no source.

    >>> needed_source(None, None) is None
    True
    """
    if layout is None:
        return None
    if source is None:
        raise PartitaError("the model has a condition: give the frames that the clips follow")
    return source


def conditions_at(
    source: FrameSource | None, layout: FrameLayout | None, *, first: int, samples: int
) -> Conditions | None:
    """Return the frames around consecutive samples; None without a source or a layout.

    Args:
        source: of the frames.
        layout: their columns.
        first: the time of the first sample; 0 is the first drawn one.
        samples: how many.

    >>> from partita.sampling.frame_sources import GivenFrames
    >>> layout = FrameLayout(hop_length=160, bands=3)
    >>> conditions_at(GivenFrames(np.zeros((1, 9, 5))), layout, first=-5, samples=400).start.tolist()
    [475]
    """
    if layout is None or source is None:
        return None
    begin = first // layout.hop_length - MARGIN
    end = math.ceil((first + samples) / layout.hop_length) + MARGIN + 1
    frames = torch.from_numpy(np.ascontiguousarray(source.frames(begin, end)))
    return Conditions(frames, torch.full((len(frames),), first - begin * layout.hop_length))
