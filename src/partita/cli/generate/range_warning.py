"""A warning if a score or a line asks for pitches that a model has not learnt. This file draws nothing."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from partita.models.frame_tier.model import FrameModel
    from partita.runs.loading import LoadedModel
    from partita.sampling.given.given import Given

MOST_OUTSIDE = 0.1  # share of a line's voiced frames; a tracker is wrong for some


def range_warning(model: "LoadedModel", given: "Given") -> str | None:
    """Return a warning if a model can't play what it is given, since it has not learnt such pitches.

    A line is only checked if the user says by how much it is transposed: by default it is moved into the
    model's range.

    Args:
        model: the model.
        given: what its clips are given.
    """
    if model.frames is None:
        return None
    low, high = learnt_range(model.frames)
    learnt = f"outside the range that {model.name} has learnt, about MIDI notes {low} to {high}"
    if given.notes:
        beyond = [note for note in given.notes if not low <= note.midi_pitch <= high]
        if beyond:
            return (
                f"{len(beyond)} of {len(given.notes)} notes are {learnt}: it plays others in their place;"
                " move the score by octaves"
            )
    if given.like is not None and given.transpose is not None:
        pitch = _voiced_pitch(model, given)
        share = float(np.mean((pitch < low) | (pitch > high)))
        if share > MOST_OUTSIDE:
            return (
                f"with `--transpose {given.transpose:g}`, {share:.0%} of the line are {learnt}: it plays"
                " other pitches in their place; leave out `--transpose` to move the line into its range"
            )
    return None


def learnt_range(frames: "FrameModel") -> tuple[int, int]:
    """Return the lowest and the highest MIDI note of the frames that clips may start from, and one more each.

    Args:
        frames: the frame tier.
    """
    pitch = frames.starts[:, frames.config.layout.bands]
    return round(float(pitch.min())) - 1, round(float(pitch.max())) + 1


def _voiced_pitch(model: "LoadedModel", given: "Given") -> "NDArray[np.float32]":
    from partita.audio.features.pitch import VOICED
    from partita.sampling.given.line import line_of

    assert model.frames is not None and given.like is not None
    line = line_of(
        given.like,
        sample_rate=model.sample_rate,
        layout=model.frames.config.layout,
        typical=model.frames.starts.cpu().numpy(),
        transpose=given.transpose,
    )
    return line.pitch[line.periodicity >= VOICED]
