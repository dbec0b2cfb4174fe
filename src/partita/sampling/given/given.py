"""What clips are given besides a prompt, and whether a model can use it. Reads no files, draws nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.data.notes import Note
from partita.errors import PartitaError

AFTER_SCORE_S = 1.0
"""Seconds of sound after the end of a score: the last note fades away."""
AHEAD_S = 6.0
"""Seconds after the end of a clip whose notes are kept; more than any frame tier looks ahead."""
LONGEST_SCORE_S = 3600.0
MOST_TRANSPOSE = 96.0


@dataclass(frozen=True, kw_only=True)
class Given:
    """What clips are given besides a prompt.

    Args:
        labels: name -> value, for example {"digit": "3"}; other labels are drawn for each clip.
        notes: a score, which begins with the first drawn sample.
        like: (samples,) a sound whose pitch and loudness the clips follow, at the model's sample rate.
        transpose: semitones that the pitch of `like` is moved by; None moves it by whole octaves into the
            model's range.
        features: (frames, feature columns), or (clips, frames, feature columns), in place of drawn ones;
            frame 0 is centred at the first drawn sample.

    Raises:
        PartitaError: two of them exclude each other, or a value is out of range.

    >>> Given(transpose=2.0)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `transpose` moves the pitch of `like`, which is missing: give it too
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] | None = None
    like: NDArray[np.floating[Any]] | None = None
    transpose: float | None = None
    features: NDArray[np.floating[Any]] | None = None

    def __post_init__(self) -> None:
        """Check that the values fit each other."""
        if sum(value is not None for value in (self.notes, self.like, self.features)) > 1:
            raise PartitaError("`notes`, `like` and `features` each decide the pitch: give one of them")
        if self.transpose is not None and self.like is None:
            raise PartitaError("`transpose` moves the pitch of `like`, which is missing: give it too")
        if self.transpose is not None and not abs(self.transpose) <= MOST_TRANSPOSE:
            raise PartitaError(
                f"`transpose` is {self.transpose}: give semitones from -{MOST_TRANSPOSE:g} to"
                f" {MOST_TRANSPOSE:g}"
            )
        if self.notes is not None and not self.notes:
            raise PartitaError("the score has no notes: give one with at least one note")

    def seconds(self, layout: FrameLayout | None, sample_rate: int) -> float | None:
        """Return the length that fits what is given, in seconds, or None if nothing that is given has one.

        Args:
            layout: the columns of the sample tier's frames.
            sample_rate: Hz.

        Raises:
            PartitaError: the score is longer than an hour.

        >>> Given(notes=[Note(0.0, 2.5, 69)]).seconds(None, 16000)
        3.5
        """
        if self.notes is not None:
            return self._score_end() + AFTER_SCORE_S
        if self.like is not None:
            return len(self.like) / sample_rate
        if self.features is not None and layout is not None:
            return float(max(1, self.features.shape[-2] - 1) * layout.hop_length / sample_rate)
        return None

    def until(self, seconds: float | None) -> "Given":
        """Return the same, with the part of the score that clips of some length need.

        Args:
            seconds: the length of the clips; None is no end.

        Raises:
            PartitaError: the clips have no end, and the score is longer than an hour.

        >>> Given(notes=[Note(0.0, 9.0, 69), Note(9.0, 9e9, 70)]).until(2.0).notes
        [Note(start_s=0.0, end_s=8.0, midi_pitch=69)]
        """
        if self.notes is None:
            return self
        end = (self._score_end() if seconds is None else seconds) + AHEAD_S
        cut = [replace(note, end_s=min(note.end_s, end)) for note in self.notes if note.start_s < end]
        rest = Note(end, end, min(self.notes).midi_pitch)  # a score of rests has a note too, of no length
        return replace(self, notes=cut or [rest])

    def _score_end(self) -> float:
        last = max(note.end_s for note in self.notes or ())
        if last > LONGEST_SCORE_S:
            raise PartitaError(
                f"the score ends at {last:g} s, must end before {LONGEST_SCORE_S:g} s if no length is given:"
                " check its times, or give the length of the clips"
            )
        return last

    def check(self, layout: FrameLayout | None, tier: FrameLayout | None) -> None:
        """Raise an error if a model can't use what is given.

        Args:
            layout: the columns of the sample tier's frames; None for a model without a condition.
            tier: the columns of the frame tier's frames; None for a model without a frame tier.

        Raises:
            PartitaError: the model has no notes, no frame tier, or no features.
        """
        notes = any(one is not None and one.notes for one in (layout, tier))
        if self.notes is not None and not notes:
            raise PartitaError(
                "a score is given, but the model was trained without notes: prepare a corpus with `--notes`"
                " and train on it"
            )
        if self.like is not None and tier is None:
            raise PartitaError(
                "a line is given (`like`), but the model has no frame tier, which would play it: train one"
                " without `--condition none`"
            )
        features = layout is not None and layout.bands
        if self.features is not None and not features:
            raise PartitaError(
                "`features` are given, but the model was trained without them: train one without"
                " `--condition none`"
            )
        if features and tier is None and self.features is None:
            raise PartitaError(
                "the model is given features, but the run has no frame tier that draws them: give `features`,"
                " or train both tiers"
            )
