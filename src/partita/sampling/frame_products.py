"""From frames to the biases of an engine: the frames that fit a model, its conditioner, and places of blocks.

Both engines use it. It does not know how they store biases.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from partita.audio.features.layout import HOLD, FrameLayout
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import Conditioner
from partita.models.conditioning.period import periods_of
from partita.models.wavenet import WaveNet
from partita.sampling.frame_sources import FrameSource

CHUNK = 16
"""Frames whose products are made at once: always as many, so that rounding is the same however clips are
drawn."""


def ordered_conditioner(model: WaveNet, columns: NDArray[np.int64] | None) -> Conditioner:
    """Return a copy of the model's conditioner, on the CPU, with its products in the order of an engine.

    They are put in order here, once, rather than for each frame.

    Args:
        model: a model with a condition.
        columns: as for `ConditionTable`.

    >>> from dataclasses import replace
    >>> from partita.audio.features.layout import FrameLayout
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(replace(SIZES["tiny"], condition=FrameLayout(hop_length=160, bands=3)))
    >>> ordered_conditioner(model, np.array([383, -1]))(torch.ones(1, 9, 5))[0, 0, 1].item()
    0.0
    """
    assert model.conditioner is not None
    conditioner = copy.deepcopy(model.conditioner).cpu().float().requires_grad_(False)
    products = torch.cat([conditioner.gates, conditioner.skips], 1)
    if columns is not None:
        products = torch.cat([products, torch.zeros_like(products[:, :1])], 1)[:, columns]
    conditioner.gates = nn.Parameter(products, requires_grad=False)
    conditioner.skips = nn.Parameter(products[:, :0].clone(), requires_grad=False)
    return conditioner


def places_of(blocks: NDArray[np.int64], hop_length: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the last frame before the centre of each block, and the weight of the next frame.

    >>> frame, weight = places_of(np.array([-1, 0, 3]), 32)
    >>> frame.tolist(), weight.tolist()
    ([-1, 0, 1], [0.734375, 0.234375, 0.734375])
    """
    halves = 2 * hop_length  # the centre is between two samples
    frame, rest = np.divmod(2 * HOLD * blocks + HOLD - 1, halves)
    return frame, (rest / halves).astype(np.float32)


def frame_periods(frames: Tensor, layout: FrameLayout, taps: int) -> NDArray[np.float32]:
    """Return the period in samples and the periodicity of frames, (frames, rows, 2).

    Args:
        frames: (rows, frames, columns).
        layout: of the frames.
        taps: the network's `period_taps`; with 0 the result is zeros.

    >>> layout = FrameLayout(hop_length=160, bands=1, sample_rate=16000)
    >>> frame_periods(torch.tensor([[[0.0, 69.0, 0.5]]]), layout, 5)[0, 0].tolist()
    [36.0, 0.5]
    """
    rows, count, _ = frames.shape
    if not taps:
        return np.zeros((count, rows, 2), np.float32)
    pitch, periodicity = frames[..., layout.bands], frames[..., layout.bands + 1]
    period, share = periods_of(pitch, periodicity, layout, taps=taps)
    return torch.stack([period.float(), share], 2).transpose(0, 1).contiguous().numpy()


def requested_frames(source: FrameSource, layout: FrameLayout, first: int, stop: int) -> NDArray[np.float32]:
    """Return the frames from number `first` to `stop` - 1, (rows, frames, columns).

    Raises:
        PartitaError: they have the wrong shape.
    """
    frames = np.ascontiguousarray(source.frames(first, stop), np.float32)
    if frames.ndim != 3 or frames.shape[1:] != (stop - first, layout.columns):
        raise PartitaError(
            f"the condition's frames have the shape {frames.shape}, must be (clips, {stop - first},"
            f" {layout.columns}) for this model"
        )
    return frames


def rows_given(model: WaveNet, source: FrameSource, clips: int) -> int:
    """Return for how many rows there are frames: one for each clip, or for equally many neighbouring clips.

    Raises:
        PartitaError: the frames do not fit the model or the number of clips.
    """
    assert model.conditioner is not None
    layout = model.conditioner.layout
    before = -(model.receptive_field // layout.hop_length)  # frames are requested in order
    given = len(requested_frames(source, layout, before, before + 1))
    if clips % given:
        raise PartitaError(
            f"the condition has the frames of {given} clips, but {clips} are drawn: give one row of"
            " frames for all clips, or one for each"
        )
    return given


def check_products(finite: bool, frame: int) -> None:
    """Raise an error if the products of some frames are not finite.

    Args:
        finite: whether they are.
        frame: the number of the first of these frames.

    Raises:
        PartitaError: they are not.
    """
    if not finite:
        raise PartitaError(
            f"the condition has values that are not finite, near frame {frame}: check the frames"
        )


def required_source(source: FrameSource | None) -> FrameSource:
    """Return the frames for a model with a condition.

    Raises:
        PartitaError: there are none.
    """
    if source is None:
        raise PartitaError("the model has a condition: give the frames that the clips follow")
    return source
