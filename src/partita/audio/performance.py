"""The player's hands: from notes to the bow's speed and force and the fingers' places, on four strings.

Strings are chosen as a violinist in the first positions would; bow strokes alternate; every jump is smoothed by the time
that a hand needs. Bow force follows Schelleng's rule (J. C. Schelleng, "The bowed string and the player", J. Acoust. Soc. Am.
53, 1973): it stays at a fixed share of the largest force that Helmholtz motion bears, which grows with bow speed and falls
with the distance from the bridge. This file computes no sound.
"""

from collections.abc import Sequence

import numpy as np

from partita.audio.bowed_string import FRAME, INTERNAL_RATE, STRINGS, Controls
from partita.audio.figuration import OPEN, Note, playable

FRAMES_A_SECOND = INTERNAL_RATE // FRAME

PRESS = 0.5
"""Bow force over v_bow / position: Helmholtz motion holds from about 0.3 to 1."""

_OPEN_DECAY, _STOPPED_DECAY = 2.2, 0.7
_GLIDE, _TURN, _LIFT = 0.008, 0.022, 0.016


def hertz(pitch: float | np.ndarray) -> np.ndarray:
    """Return the frequency of a MIDI number in equal temperament, A at 440 Hz.

    >>> float(hertz(69))
    440.0
    """
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch) - 69) / 12))


def place(pitches: tuple[int, ...], previous: int) -> tuple[int, ...]:
    """Return the string (0 = G ... 3 = E) of each pitch, staying on the previous string where the hand reaches.

    >>> place((62,), 0), place((62,), 2), place((62, 69), 3)
    ((0,), (1,), (1, 2))
    """
    if len(pitches) == 2 and playable(*pitches):
        low, high = pitches
        fits = [
            s for s in range(3) if OPEN[s] <= low <= OPEN[s] + 9 and OPEN[s + 1] <= high <= OPEN[s + 1] + 9
        ]
        return fits[-1], fits[-1] + 1
    pitch = pitches[-1]
    if OPEN[previous] <= pitch <= OPEN[previous] + 7:
        return (previous,)
    return (max(s for s in range(STRINGS) if OPEN[s] <= pitch),)


def _smooth(curve: np.ndarray, seconds: float) -> np.ndarray:
    """Round every jump of (frames, ...) over `seconds`, centred, with a Hann window."""
    width = max(3, round(seconds * FRAMES_A_SECOND) | 1)
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(curve, [(width // 2, width // 2)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    if curve.ndim == 1:
        return np.convolve(padded, window, "valid")
    return np.stack([np.convolve(column, window, "valid") for column in padded.T], axis=1)


def _vibrato(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Return one note's deviation in semitones: it starts late and swells."""
    t = np.arange(frames) / FRAMES_A_SECOND
    depth = rng.uniform(0.08, 0.16) * np.clip((t - 0.12) / 0.3, 0, 1)
    rate = rng.uniform(5.2, 6.3)
    return np.asarray(depth * np.sin(2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)))


def play(notes: Sequence[Note], *, seconds: float, rng: np.random.Generator) -> Controls:
    """Play notes and return the controls of the strings for `seconds`.

    Args:
        notes: in order of their start.
        seconds: length of the result; what lies beyond is not played.
        rng: the stream of the player's small unevenness.
    """
    frames = round(seconds * FRAMES_A_SECOND) + 1
    pitch = np.tile(np.array(OPEN, float), (frames, 1))
    decay = np.full((frames, STRINGS), _OPEN_DECAY)
    active = np.zeros((frames, STRINGS))
    speed = np.zeros(frames)
    near = np.full(frames, 0.11)
    wobble = np.zeros((frames, STRINGS))
    direction, previous = -1.0, 1
    for note in notes:
        a = min(round(note.start * FRAMES_A_SECOND), frames)
        b = min(round((note.start + note.duration) * FRAMES_A_SECOND), frames)
        end = min(b, a + round((b - a) * (1 - note.gap)))
        strings = place(note.pitches, previous)
        previous = strings[-1]
        direction = direction if note.slurred else -direction
        speed[a:end] = direction * (0.10 + 0.28 * note.loudness)
        near[a:] = 0.135 - 0.05 * note.loudness
        for s, p in zip(strings, note.pitches, strict=True):
            stopped = p > OPEN[s]
            release = min(frames, b + round(0.4 * FRAMES_A_SECOND))
            pitch[a:, s], pitch[release:, s] = p + 0.015 * rng.standard_normal() * stopped, OPEN[s]
            decay[a:, s], decay[release:, s] = _STOPPED_DECAY if stopped else _OPEN_DECAY, _OPEN_DECAY
            active[a:end, s] = 1.0
            wobble[a:release, s] = 0.0
            if stopped and b - a > 0.22 * FRAMES_A_SECOND:
                wobble[a:b, s] = _vibrato(rng, b - a)
    return _controls(pitch, wobble, decay, active, speed, near)


def _controls(
    pitch: np.ndarray,
    wobble: np.ndarray,
    decay: np.ndarray,
    active: np.ndarray,
    speed: np.ndarray,
    near: np.ndarray,
) -> Controls:
    """Smooth the step curves and turn them into what the strings take."""
    frequency = hertz(_smooth(pitch, _GLIDE) + _smooth(wobble, _GLIDE))
    open_frequency = hertz(np.array(OPEN, float))
    position = _smooth(near, 0.06)[:, None] * (frequency / open_frequency) ** 0.6
    position = np.minimum(position, 0.22)
    press = _smooth(active * np.abs(speed)[:, None], _LIFT)
    return Controls(
        frequency=frequency,
        velocity=np.repeat(_smooth(speed, _TURN)[:, None], STRINGS, axis=1),
        force=np.where(press > 1e-6, PRESS * press / position, 0.0),
        position=position,
        decay=decay,
    )
