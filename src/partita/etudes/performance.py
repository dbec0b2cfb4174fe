"""The player of the synthetic etudes: turn notes into bow speed, bow force and finger positions.

Strings are chosen as by a violinist in the first positions, bow strokes alternate in direction, and every
change takes the time that a hand needs. The bow force follows J. C. Schelleng, "The bowed string and the
player", J. Acoust. Soc. Am. 53, 1973: it is a fixed share of the largest force at which Helmholtz motion is
stable. That limit grows with the bow speed and falls with the distance from the bridge. The force is higher
at the start of a stroke. This module computes no sound.
"""

from collections.abc import Sequence

import numpy as np

from partita.etudes.bowed_string import FRAME, INTERNAL_RATE, STRINGS, Controls
from partita.etudes.figuration import OPEN, playable
from partita.etudes.phrasing import Note

FRAMES_PER_SECOND = INTERNAL_RATE // FRAME

FORCE_SHARE = 0.62
"""Bow force as a share of speed / position: below 0.4 the strings slip twice a period, near 1 they rasp."""

ATTACK, ATTACK_SECONDS = 0.5, 0.05
"""Relative increase of the force at the start of a stroke, and the time constant of its decay in seconds."""

OPEN_DECAY, STOPPED_DECAY, RELEASED_DECAY = 2.2, 0.6, 0.35
"""Seconds to -60 dB of an open string, of a stopped one, and of a stopped one after its note."""

FINGER_SECONDS, TURN_SECONDS, LIFT_SECONDS = 0.010, 0.030, 0.022
"""Seconds that a finger needs to change the pitch, the bow to turn, and the force to rise or fall."""


def hertz(pitch: float | np.ndarray) -> np.ndarray:
    """Return the frequency of a MIDI number in equal temperament, A at 440 Hz.

    >>> float(hertz(69))
    440.0
    """
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch) - 69) / 12))


def choose_strings(pitches: tuple[int, ...], previous: int) -> tuple[int, ...]:
    """Return the string of each pitch, 0 (G) to 3 (E); a single pitch stays on its string if possible.

    >>> choose_strings((62,), 0), choose_strings((62,), 2), choose_strings((62, 69), 3)
    ((0,), (1,), (1, 2))
    """
    if len(pitches) == 2:
        lower = playable(*pitches)[-1]
        return lower, lower + 1
    pitch = pitches[0]
    if OPEN[previous] <= pitch <= OPEN[previous] + 7:
        return (previous,)
    return (max(s for s in range(STRINGS) if OPEN[s] <= pitch),)


def bow_speed(loudness: float) -> float:
    """Return the bow speed in m/s for a loudness of 0 to 1."""
    return 0.10 + 0.28 * loudness


def bow_distance(loudness: float) -> float:
    """Return the distance of the bow from the bridge, as a share of the open string; louder is nearer."""
    return 0.135 - 0.05 * loudness


def bow_force(speed: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return the bow force for stable Helmholtz motion, in the unit of `Controls.force`.

    Args:
        speed: speed of the bow, m/s.
        position: distance of the bow from the bridge, as a share of the string's length.

    >>> round(float(bow_force(np.array(0.2), np.array(0.1))), 2)
    1.24
    """
    return np.asarray(FORCE_SHARE * np.abs(speed) / position)


def _smooth(curve: np.ndarray, seconds: float) -> np.ndarray:
    """Smooth a curve along its first axis with a centred Hann window of `seconds`."""
    half = max(1, round(seconds * FRAMES_PER_SECOND / 2))
    window = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(curve, [(half, half)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    columns = padded.reshape(len(padded), -1).T
    smooth = [np.convolve(column, window / window.sum(), "valid") for column in columns]
    return np.stack(smooth, axis=1).reshape(curve.shape)


def _vibrato(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Return the vibrato of one note in semitones; it starts after the note and grows."""
    t = np.arange(frames) / FRAMES_PER_SECOND
    depth = rng.uniform(0.08, 0.16) * np.clip((t - 0.12) / 0.3, 0, 1)
    rate = rng.uniform(5.2, 6.3)
    return np.asarray(depth * np.sin(2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)))


class _ControlCurves:
    """The player's movements over time, written note by note: arrays of (frames,) or (frames, 4)."""

    def __init__(self, frames: int) -> None:
        self.pitch = np.tile(np.array(OPEN, float), (frames, 1))
        self.vibrato = np.zeros((frames, STRINGS))
        self.decay = np.full((frames, STRINGS), OPEN_DECAY)
        self.active = np.zeros((frames, STRINGS))
        self.speed = np.zeros(frames)
        self.attack = np.ones(frames)
        self.distance = np.full(frames, bow_distance(0.5))

    def bow(self, note: Note, start: int, stop: int, direction: float) -> None:
        """Move the bow from frame `start` to `stop`; `direction` is 1 or -1."""
        self.speed[start:stop] = direction * bow_speed(note.loudness)
        self.distance[start:] = bow_distance(note.loudness)
        if not note.slurred:
            t = np.arange(stop - start) / FRAMES_PER_SECOND
            self.attack[start:stop] = 1 + ATTACK * np.exp(-t / ATTACK_SECONDS)

    def finger(self, string: int, pitch: int, start: int, end: int, rng: np.random.Generator) -> None:
        """Stop a string from frame `start` to `end`; the finger leaves the string a moment later."""
        release = end + round(0.4 * FRAMES_PER_SECOND)
        stopped = pitch > OPEN[string]
        self.pitch[start:, string] = pitch + 0.015 * rng.standard_normal() * stopped
        self.pitch[release:, string] = OPEN[string]
        self.decay[start:, string] = OPEN_DECAY
        self.vibrato[start:, string] = 0.0
        if stopped:
            self.decay[start:end, string] = STOPPED_DECAY
            self.decay[end:release, string] = RELEASED_DECAY
            if end - start > 0.22 * FRAMES_PER_SECOND:
                self.vibrato[start:end, string] = _vibrato(rng, end - start)

    def controls(self) -> Controls:
        """Return the smoothed curves as the controls of the strings."""
        frequency = hertz(_smooth(self.pitch, FINGER_SECONDS) + self.vibrato)
        shortened = (frequency / hertz(np.array(OPEN, float))) ** 0.6
        position = np.minimum(_smooth(self.distance, 0.06)[:, None] * shortened, 0.22)
        weight = _smooth(self.active * (self.attack * np.abs(self.speed))[:, None], LIFT_SECONDS)
        velocity = np.repeat(_smooth(self.speed, TURN_SECONDS)[:, None], STRINGS, axis=1)
        force = np.where(weight > 1e-6, bow_force(weight, position), 0.0)
        return Controls(
            frequency=frequency, velocity=velocity, force=force, position=position, decay=self.decay
        )


def play(notes: Sequence[Note], *, seconds: float, rng: np.random.Generator) -> Controls:
    """Return the controls of the strings that play the notes.

    Args:
        notes: notes in order of their start; each ends before `seconds`.
        seconds: length of the result.
        rng: random generator of the vibrato and of small deviations in pitch.

    Returns:
        Controls of seconds * FRAMES_PER_SECOND + 1 frames.
    """
    curves = _ControlCurves(round(seconds * FRAMES_PER_SECOND) + 1)
    direction, previous = -1.0, 1
    for note in notes:
        start, end = (round(t * FRAMES_PER_SECOND) for t in (note.start, note.start + note.duration))
        strings = choose_strings(note.pitches, previous)
        previous = strings[-1]
        direction = direction if note.slurred else -direction
        stop = end - round((end - start) * note.gap)
        curves.bow(note, start, stop, direction)
        for string, pitch in zip(strings, note.pitches, strict=True):
            curves.finger(string, pitch, start, end, rng)
            curves.active[start:stop, string] = 1.0
    return curves.controls()
