"""Frames drawn by the frame tier on the CPU, as a stream without end.

A clip's frames depend only on the model, its history, what it is given, the temperature, the seed and the
clip's number: neither on the other clips nor on how many frames are drawn at once. This file does not know
sound, runs or the sample tier.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from partita.checks import check_count, check_positive, check_range
from partita.device import thread_limit
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import PITCH_BINS
from partita.models.frame_tier.model import STARTS, FrameModel
from partita.sampling.config import MOST_GUIDANCE
from partita.sampling.cpu.frame_arrays import FrameRule
from partita.sampling.cpu.frame_kernel import advance_frames
from partita.sampling.cpu.frame_packing import new_pass, new_workspace, pack_frames
from partita.sampling.frames.reference import frame_seed
from partita.sampling.uniforms import uniforms

Frames = NDArray[np.float32]

START_NUMBER = 1 << 62
"""The number of the uniform that chooses the frame that a clip without a history starts from."""
MOST_TEMPERATURE = 100.0


class FrameSampler:
    """Draws the features of frames, one frame after the other.

    Args:
        model: the model; its weights are copied here, so later changes to them have no effect.
        clips: the number of clips.
        seed: seed of the draw, 0 to 2^64 - 1.
        temperature: above 0; 1 draws from the model as it is, lower values more likely frames.
        guidance: how strongly the frames follow notes and labels, at least 0: 1 as the model has learnt it,
            more exaggerates the difference that they make. It has no effect where nothing is given.
        history: (clips, n, columns) frames before the first drawn one, n at least 1; one row may stand for
            all clips, and the columns may be those of the features alone. By default each clip starts after
            one of the model's start frames.
        given: (clips, frames, note and label columns) of the drawn frames; one row may stand for all clips.
            After the last one no note sounds, and the labels stay. By default no note sounds, and the labels
            are those of the history.
        line: (frames, 3) pitch, periodicity and loudness (see `loudness_of`) that the drawn frames of all
            clips are to have, NaN where they are free. After the last one all is free.

    Raises:
        PartitaError: an array has the wrong shape or values that are not finite, or a number is out of range.

    >>> from partita.audio.features.layout import FrameLayout
    >>> from partita.models.frame_tier.config import FrameModelConfig
    >>> config = FrameModelConfig(layout=FrameLayout(hop_length=160, bands=3), recurrent_channels=8)
    >>> model = FrameModel(config, generator=torch.Generator().manual_seed(0))
    >>> sampler = FrameSampler(model, clips=2, seed=1)
    >>> sampler.take(4).shape, sampler.take(100).shape, sampler.position
    ((2, 4, 5), (2, 100, 5), 104)
    """

    def __init__(
        self,
        model: FrameModel,
        *,
        clips: int = 1,
        seed: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        history: NDArray[np.floating] | None = None,
        given: NDArray[np.floating] | None = None,
        line: NDArray[np.floating] | None = None,
    ) -> None:
        check_count("clips", clips, 1)
        check_positive("temperature", temperature, MOST_TEMPERATURE)
        check_range("guidance", guidance, 0.0, MOST_GUIDANCE)
        model = copy.deepcopy(model).cpu().float().requires_grad_(False)
        self._width = model.feature_columns
        self._packed = pack_frames(model)
        self._line = _line_rows(line)
        self.position = 0
        """Frames drawn so far, per clip."""
        if given is not None:
            given = _checked("given", given, clips, (model.config.given_columns,))
        past = self._past(model, history, clips, seed, given)
        (self._given, self._scores), known = self._known(model, past, given)
        self._nothing = _nothing(model)
        key = frame_seed(seed)
        low, high = np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32)
        each = np.zeros((1, 0)) if given is None else given
        strengths = [float(guidance) if each[clip % len(each)].any() else 1.0 for clip in range(clips)]
        self._rules = [
            FrameRule(float(temperature), strength, low, high, np.int64(clip))
            for clip, strength in enumerate(strengths)
        ]
        works = [new_workspace(self._packed) for _ in range(2)]
        self._passes = [[new_pass(self._packed, work) for work in works] for _ in range(clips)]
        self._next_given = 0
        for passes, frames in zip(self._passes, known, strict=True):
            for one in passes:
                one.state.frame[:] = frames[0]
        self._advance(known[:, 1:], 0)

    def take(self, count: int) -> Frames:
        """Draw the next frames of every clip.

        Args:
            count: frames.

        Returns:
            (clips, count, feature columns) float32 on the grid: bands, pitch, periodicity.
        """
        check_count("count", count, 0)
        drawn = self._advance(np.empty((len(self._passes), 0, self._width), np.float32), count)
        self.position += count
        return np.concatenate([drawn[..., 2:], drawn[..., 1::-1]], -1)

    def _advance(self, known: Frames, count: int) -> Frames:
        """Process known frames, then draw some, (clips, count, columns) in the order of the network."""
        drawn = np.empty((len(self._passes), count, self._width), np.float32)
        places = self._next_given + np.arange(known.shape[1] + count)
        numbers = self.position + np.arange(count)
        lines = self._line[np.minimum(numbers, len(self._line) - 1)]
        for clip, (run, plain) in enumerate(self._passes):
            row = clip % len(self._given)
            each = np.minimum(places, len(self._given[row]) - 1)
            advance_frames(
                self._packed.network,
                self._packed.units,
                run,
                plain,
                self._rules[clip],
                np.ascontiguousarray(known[clip]),
                self._given[row][each],
                self._scores[row][each],
                self._nothing,
                lines,
                np.int64(self.position),
                drawn[clip],
            )
        self._next_given += known.shape[1] + count
        return drawn

    def _past(
        self,
        model: FrameModel,
        history: NDArray[np.floating] | None,
        clips: int,
        seed: int,
        given: Frames | None,
    ) -> Frames:
        """Return the history with all columns, one row for each clip."""
        columns = model.config.layout.columns
        if history is None:
            u = uniforms(frame_seed(seed), clips, START_NUMBER, 1)[:, 0]
            history = model.starts.numpy()[(u * STARTS).astype(np.int64)][:, None]
        past = _checked("history", history, clips, (columns, self._width))
        if past.shape[1] == 0:
            raise PartitaError("`history` has no frames: give at least 1, or leave it out")
        missing = np.zeros((clips, past.shape[1], columns - past.shape[2]), np.float32)
        if missing.shape[2] and given is not None and given.shape[1]:
            labels = model.config.layout.note_columns
            missing[..., labels:] = given[:, :1, labels:]
        return np.concatenate([np.broadcast_to(past, (clips, *past.shape[1:])), missing], 2)

    def _known(
        self, model: FrameModel, past: Frames, given: Frames | None
    ) -> tuple[tuple[list[Frames], list[Frames]], Frames]:
        """Return what each frame after the first is given, and the normalised features of the history.

        The channels are computed once and clip by clip, so that rounding does not depend on other clips. Rows
        end with one for all frames after the last.

        Returns:
            For each clip the channels, (frames, channels), and the scores, (frames, rows, semitones); then
            the features, (clips, frames, columns).
        """
        known = model.normalised(torch.from_numpy(past)).numpy()
        layout, clips = model.config.layout, len(past)
        if model.given is None:
            return ([np.zeros((1, 0), np.float32)], [np.zeros((1, 0, PITCH_BINS), np.float32)]), known
        count = model.config.given_columns
        if given is None or not given.shape[1]:
            stays = np.r_[np.zeros(layout.note_columns), np.ones(len(layout.labels))].astype(np.float32)
            given = past[:, -1:, self._width :] * stays
        following = np.broadcast_to(given, (clips, *given.shape[1:]))
        rows = np.concatenate([past[:, 1:, self._width :], following], 1)
        after = np.zeros((clips, 1 + model.config.note_lookahead, count), np.float32)
        after[..., layout.note_columns :] = rows[:, -1:, layout.note_columns :]
        whole = torch.from_numpy(np.concatenate([rows, after], 1))
        channels, scores = [], []
        with thread_limit(1), torch.inference_mode():
            for row in whole:
                found = model.given_to(row[None])
                stop = rows.shape[1] + 1
                channels.append(_rows(found.channels, stop, (0,)))
                scores.append(_rows(found.score, stop, (0, PITCH_BINS)))
        return (channels, scores), known


def _nothing(model: FrameModel) -> Frames:
    """Return the channels of a frame without notes and labels, (channels,)."""
    with thread_limit(1), torch.inference_mode():
        found = model.given_to(torch.zeros(1, 1, model.config.given_columns)).channels
    first: Frames = _rows(found, 1, (0,))[0]
    return first


def _rows(found: torch.Tensor | None, stop: int, empty: tuple[int, ...]) -> Frames:
    """Return the first rows of one clip as an array; without any, rows of the given empty shape."""
    if found is None:
        return np.zeros((stop, *empty), np.float32)
    return np.ascontiguousarray(found[0, :stop].numpy())


def _checked(name: str, array: NDArray[np.floating], clips: int, columns: tuple[int, ...]) -> Frames:
    """Return the array as float32, after a check of its shape and values."""
    frames = np.asarray(array, np.float32)
    if frames.ndim != 3 or len(frames) not in {1, clips} or frames.shape[2] not in columns:
        raise PartitaError(
            f"`{name}` has the shape {frames.shape}, must be ({clips}, frames, {columns[0]}): give one"
            " row for each clip, or a single one"
        )
    if not np.isfinite(frames).all():
        raise PartitaError(f"`{name}` has values that are not finite: check the frames")
    return frames


def _line_rows(line: NDArray[np.floating] | None) -> Frames:
    """Return periodicity, pitch and loudness of the line's frames; the last row is free."""
    rows = np.zeros((0, 3), np.float32) if line is None else np.asarray(line, np.float32)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise PartitaError(
            f"`line` has the shape {rows.shape}, must be (frames, 3): give pitch, periodicity and loudness"
        )
    return np.concatenate([rows[:, [1, 0, 2]], np.full((1, 3), np.nan, np.float32)])
