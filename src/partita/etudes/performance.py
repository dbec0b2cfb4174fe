"""The player's hands: from notes to the bow's speed and force and the fingers' places, on four strings.

Strings are chosen as a violinist in the first positions would, bow strokes alternate, and every jump is
smoothed by the time that a hand needs. Bow force follows J. C. Schelleng, "The bowed string and the
player", J. Acoust. Soc. Am. 53, 1973: it stays at a fixed share of the largest force that Helmholtz
motion bears, which grows with bow speed and falls with the distance from the bridge; a stroke's start is
pressed harder. This file computes no sound.
"""

from collections.abc import Sequence

import numpy as np

from partita.etudes.bowed_string import FRAME, INTERNAL_RATE, STRINGS, Controls
from partita.etudes.figuration import OPEN, playable
from partita.etudes.phrasing import Note

FRAMES_A_SECOND = INTERNAL_RATE // FRAME

PRESS = 0.62
"""Bow force as a share of speed / position: below 0.4 strings double-slip, near 1 they turn raucous."""

BITE, BITE_SECONDS = 0.5, 0.05
"""How much harder a stroke's start is pressed, and how fast that passes."""

OPEN_DECAY, STOPPED_DECAY, LEFT_DECAY = 2.2, 0.6, 0.35
"""Seconds to -60 dB of an open string, a stopped one, and one whose finger is about to leave."""

GLIDE, TURN, LIFT = 0.010, 0.030, 0.022
"""Seconds in which the finger falls, the bow turns, the bow's weight comes and goes."""


def hertz(pitch: float | np.ndarray) -> np.ndarray:
    """Return the frequency of a MIDI number in equal temperament, A at 440 Hz.

    >>> float(hertz(69))
    440.0
    """
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch) - 69) / 12))


def place(pitches: tuple[int, ...], previous: int) -> tuple[int, ...]:
    """Return the string (0 = G ... 3 = E) of each pitch, the previous string where the hand reaches.

    >>> place((62,), 0), place((62,), 2), place((62, 69), 3)
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
    """Return the bow's speed in m/s for a loudness of 0 to 1."""
    return 0.10 + 0.28 * loudness


def bow_distance(loudness: float) -> float:
    """Return the bow's distance from the bridge over the open string's length: louder is nearer."""
    return 0.135 - 0.05 * loudness


def press(speed: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return the bow force, as `Controls` counts it, that holds Helmholtz motion.

    Args:
        speed: of the bow, m/s.
        position: of the bow over the string's length.

    >>> round(float(press(np.array(0.2), np.array(0.1))), 2)
    1.24
    """
    return np.asarray(PRESS * np.abs(speed) / position)


def _smooth(curve: np.ndarray, seconds: float) -> np.ndarray:
    """Round every jump along the first axis over `seconds`, centred, with a Hann window."""
    half = max(1, round(seconds * FRAMES_A_SECOND / 2))
    window = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(curve, [(half, half)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    columns = padded.reshape(len(padded), -1).T
    smooth = [np.convolve(column, window / window.sum(), "valid") for column in columns]
    return np.stack(smooth, axis=1).reshape(curve.shape)


def _vibrato(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Return one note's deviation in semitones: it starts late and swells."""
    t = np.arange(frames) / FRAMES_A_SECOND
    depth = rng.uniform(0.08, 0.16) * np.clip((t - 0.12) / 0.3, 0, 1)
    rate = rng.uniform(5.2, 6.3)
    return np.asarray(depth * np.sin(2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)))


class _Hands:
    """Step curves that notes are written into, one after the other: (frames,) or (frames, 4)."""

    def __init__(self, frames: int) -> None:
        self.pitch = np.tile(np.array(OPEN, float), (frames, 1))
        self.wobble = np.zeros((frames, STRINGS))
        self.decay = np.full((frames, STRINGS), OPEN_DECAY)
        self.active = np.zeros((frames, STRINGS))
        self.speed = np.zeros(frames)
        self.grip = np.ones(frames)
        self.distance = np.full(frames, bow_distance(0.5))

    def bow(self, note: Note, start: int, stop: int, direction: float) -> None:
        """Move the bow from frame `start` to `stop`."""
        self.speed[start:stop] = direction * bow_speed(note.loudness)
        self.distance[start:] = bow_distance(note.loudness)
        if not note.slurred:
            t = np.arange(stop - start) / FRAMES_A_SECOND
            self.grip[start:stop] = 1 + BITE * np.exp(-t / BITE_SECONDS)

    def finger(self, string: int, pitch: int, start: int, end: int, rng: np.random.Generator) -> None:
        """Stop a string from frame `start` to `end`; the finger stays for a moment longer, then leaves."""
        leave = end + round(0.4 * FRAMES_A_SECOND)
        stopped = pitch > OPEN[string]
        self.pitch[start:, string] = pitch + 0.015 * rng.standard_normal() * stopped
        self.pitch[leave:, string] = OPEN[string]
        self.decay[start:, string] = OPEN_DECAY
        self.wobble[start:, string] = 0.0
        if stopped:
            self.decay[start:end, string] = STOPPED_DECAY
            self.decay[end:leave, string] = LEFT_DECAY
            if end - start > 0.22 * FRAMES_A_SECOND:
                self.wobble[start:end, string] = _vibrato(rng, end - start)

    def controls(self) -> Controls:
        """Smooth the curves and turn them into what the strings take."""
        frequency = hertz(_smooth(self.pitch, GLIDE) + self.wobble)
        shortened = (frequency / hertz(np.array(OPEN, float))) ** 0.6
        position = np.minimum(_smooth(self.distance, 0.06)[:, None] * shortened, 0.22)
        weight = _smooth(self.active * (self.grip * np.abs(self.speed))[:, None], LIFT)
        velocity = np.repeat(_smooth(self.speed, TURN)[:, None], STRINGS, axis=1)
        force = np.where(weight > 1e-6, press(weight, position), 0.0)
        return Controls(
            frequency=frequency, velocity=velocity, force=force, position=position, decay=self.decay
        )


def play(notes: Sequence[Note], *, seconds: float, rng: np.random.Generator) -> Controls:
    """Play notes and return the controls of the strings for `seconds`.

    Args:
        notes: in order of their start; none may sound beyond `seconds`.
        seconds: length of the result.
        rng: the stream of the player's small unevenness.
    """
    hands = _Hands(round(seconds * FRAMES_A_SECOND) + 1)
    direction, previous = -1.0, 1
    for note in notes:
        start, end = (round(t * FRAMES_A_SECOND) for t in (note.start, note.start + note.duration))
        strings = place(note.pitches, previous)
        previous = strings[-1]
        direction = direction if note.slurred else -direction
        stop = end - round((end - start) * note.gap)
        hands.bow(note, start, stop, direction)
        for string, pitch in zip(strings, note.pitches, strict=True):
            hands.finger(string, pitch, start, end, rng)
            hands.active[start:stop, string] = 1.0
    return hands.controls()
