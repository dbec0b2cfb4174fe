"""A warning if a score or a line asks for pitches that a model has not learnt. This file draws nothing."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from partita.models.frame_tier.model import FrameModel
    from partita.runs.loading import LoadedModel
    from partita.sampling.given.given import Given

MOST_OUTSIDE = 0.1  # share of a line's voiced frames; a tracker is wrong for some
LEAST_FRAMES = 300  # three seconds: of rarer notes a tier plays neighbours


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
    learnt = learnt_notes(model.frames)
    shown = f"MIDI notes {in_ranges(learnt)}"
    if given.notes:
        beyond = [note for note in given.notes if note.midi_pitch not in learnt]
        if beyond:
            return (
                f"{len(beyond)} of {len(given.notes)} notes are not among those that {model.name} has learnt,"
                f" {shown}: it plays others in their place; move the score by octaves"
            )
    if given.like is not None and given.transpose is not None:
        keys = np.rint(_voiced_pitch(model, given)).astype(int)
        share = float(np.mean([key not in learnt for key in keys]))
        if share > MOST_OUTSIDE:
            return (
                f"with `--transpose {given.transpose:g}`, {share:.0%} of the line are not among the notes"
                f" that {model.name} has learnt, {shown}: it plays other pitches in their place; leave out"
                " `--transpose` to move the line into its range"
            )
    return None


def learnt_notes(frames: "FrameModel") -> list[int]:
    """Return the MIDI notes of which the training sound has at least three seconds, in order.

    A frame tier of an older version does not know them: then those between the lowest and the highest frame
    that clips may start from, and one more each.

    Args:
        frames: the frame tier.
    """
    from partita.models.conditioning.conditioner import LOWEST_PITCH

    if bool(frames.heard.any()):
        return [LOWEST_PITCH + int(key) for key in (frames.heard >= LEAST_FRAMES).nonzero()]
    pitch = frames.starts[:, frames.config.layout.bands]
    return list(range(round(float(pitch.min())) - 1, round(float(pitch.max())) + 2))


def in_ranges(numbers: "Sequence[int]") -> str:
    """Return whole numbers in words, neighbours as a range.

    Args:
        numbers: in increasing order, at least one.

    >>> in_ranges([55, 57, 58, 59, 61])
    '55, 57 to 59, 61'
    """
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in groups)


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
