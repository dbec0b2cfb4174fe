"""Harmony of the synthetic etudes: draw chord progressions with cadences, and choose close voicings.

A chord is a tuple of pitch classes in semitones above the tonic, root first. Pitches are MIDI numbers (69 is
A at 440 Hz). This module knows neither rhythm nor sound.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np

Chord = tuple[int, ...]
Voicing = tuple[int, ...]

LOWEST, HIGHEST = 55, 88
"""Range of the violin as the etudes use it: G3 to E6."""

VOICES = 4
"""Number of pitches in a voicing."""

SCALES: Mapping[str, tuple[int, ...]] = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 11)}

CHORDS: Mapping[str, Mapping[str, Chord]] = {
    "major": {
        "I": (0, 4, 7),
        "ii": (2, 5, 9),
        "ii7": (2, 5, 9, 0),
        "iii": (4, 7, 11),
        "IV": (5, 9, 0),
        "V": (7, 11, 2),
        "V7": (7, 11, 2, 5),
        "vi": (9, 0, 4),
        "vii": (11, 2, 5),
        "V/V": (2, 6, 9, 0),
        "V/vi": (4, 8, 11, 2),
        "V/ii": (9, 1, 4, 7),
        "V/IV": (0, 4, 7, 10),
    },
    "minor": {
        "I": (0, 3, 7),
        "ii": (2, 5, 8, 0),
        "III": (3, 7, 10),
        "iv": (5, 8, 0),
        "V": (7, 11, 2),
        "V7": (7, 11, 2, 5),
        "VI": (8, 0, 3),
        "VII": (10, 2, 5),
        "vii7": (11, 2, 5, 8),
        "N": (1, 5, 8),
        "V/iv": (0, 4, 7, 10),
        "V/V": (2, 6, 9, 0),
    },
}

FOLLOWERS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "major": {
        "I": {"IV": 3, "V": 2, "vi": 3, "ii": 3, "iii": 1, "V/IV": 1, "V/vi": 1, "V/ii": 1},
        "ii": {"V": 4, "V7": 4, "vii": 1, "V/V": 1},
        "ii7": {"V": 3, "V7": 2},
        "iii": {"vi": 4, "IV": 2},
        "IV": {"I": 1, "ii": 2, "V": 3, "V/V": 2, "vii": 1},
        "V": {"I": 4, "vi": 2, "V7": 1},
        "V7": {"I": 4, "vi": 2},
        "vi": {"ii": 3, "ii7": 2, "IV": 3, "V/V": 2, "iii": 1},
        "vii": {"I": 3, "iii": 2},
        "V/V": {"V": 5, "V7": 1},
        "V/vi": {"vi": 1},
        "V/ii": {"ii": 2, "ii7": 1},
        "V/IV": {"IV": 1},
    },
    "minor": {
        "I": {"iv": 3, "V": 2, "VI": 3, "ii": 2, "VII": 2, "V/iv": 1, "vii7": 2},
        "ii": {"V": 4, "V7": 3, "vii7": 1},
        "III": {"VI": 3, "iv": 2, "ii": 1},
        "iv": {"V": 3, "ii": 1, "VII": 2, "V/V": 1, "N": 1},
        "V": {"I": 4, "VI": 2, "V7": 1},
        "V7": {"I": 4, "VI": 2},
        "VI": {"ii": 3, "iv": 3, "III": 1, "N": 1},
        "VII": {"III": 4, "I": 1},
        "vii7": {"I": 4, "V7": 1},
        "N": {"V": 2, "V7": 2, "vii7": 1},
        "V/iv": {"iv": 1},
        "V/V": {"V": 1},
    },
}

CADENCES: Mapping[str, Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "major": {
        "full": (("IV", "V7", "I"), ("ii7", "V7", "I"), ("ii", "V", "I")),
        "half": (("IV", "V/V", "V"), ("vi", "V/V", "V"), ("I", "V")),
        "deceptive": (("ii", "V7", "vi"), ("IV", "V", "vi")),
    },
    "minor": {
        "full": (("iv", "V7", "I"), ("ii", "V7", "I"), ("N", "V7", "I")),
        "half": (("iv", "V"), ("VI", "V/V", "V"), ("I", "V")),
        "deceptive": (("iv", "V7", "VI"), ("ii", "V", "VI")),
    },
}

SEQUENCES: Mapping[str, tuple[str, ...]] = {
    "major": ("I", "IV", "vii", "iii", "vi", "ii"),
    "minor": ("I", "iv", "VII", "III", "VI", "ii"),
}
"""The circle of falling fifths, which a cadence follows."""


def draw_key(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Draw one key of `weights` with probability proportional to its value."""
    names = list(weights)
    values = np.array([weights[name] for name in names], float)
    return names[int(rng.choice(len(names), p=values / values.sum()))]


def draw_progression(rng: np.random.Generator, *, mode: str, length: int, cadence: str) -> list[str]:
    """Draw a chord progression: a random walk from the tonic along the usual successions, then a cadence.

    Args:
        rng: random generator of all choices.
        mode: "major" or "minor".
        length: number of chords, at least 1.
        cadence: "full", "half" or "deceptive".

    Returns:
        `length` names of chords.

    >>> draw_progression(np.random.default_rng(0), mode="major", length=6, cadence="full")[-1]
    'I'
    """
    endings = CADENCES[mode][cadence]
    ending = list(endings[int(rng.integers(len(endings)))])
    if length <= len(ending):
        return ending[-length:]
    fifths = list(SEQUENCES[mode])
    if length >= len(fifths) + len(ending) and rng.random() < 0.35:
        ending = fifths[1:] + ending
    free = length - len(ending)
    walk = ["I"]
    for _ in range(60):
        walk = ["I"]
        while len(walk) < free:
            walk.append(draw_key(rng, FOLLOWERS[mode][walk[-1]]))
        if ending[0] in FOLLOWERS[mode][walk[-1]] or (walk[-1] in ("I", "V") and ending[0] != walk[-1]):
            break
    return walk + ending


def pitches_of(chord: Sequence[int], tonic: int, low: int = LOWEST, high: int = HIGHEST) -> list[int]:
    """Return all pitches from `low` to `high` that belong to the chord.

    >>> pitches_of((0, 4, 7), 0, 60, 72)
    [60, 64, 67, 72]
    """
    classes = {(tonic + tone) % 12 for tone in chord}
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]


def choose_voicing(
    rng: np.random.Generator, chord: Chord, tonic: int, *, centre: float, previous: Voicing | None
) -> Voicing:
    """Choose a voicing of a chord that is close to the previous voicing and to the pitch `centre`.

    The lowest voice is the root, and the third and the last tone of the chord are included, where possible.

    Args:
        rng: random generator; chooses between voicings that are about equally good.
        chord: pitch classes in semitones above the tonic, root first.
        tonic: pitch class, 0 for C.
        centre: preferred mean pitch, MIDI number.
        previous: the voicing before it, None at the start.

    Returns:
        Four ascending pitches; neighbours are 3 to 9 semitones apart.

    >>> choose_voicing(np.random.default_rng(0), (0, 4, 7), 7, centre=67.0, previous=None)
    (55, 62, 71, 79)
    """
    low, high = max(LOWEST, round(centre) - 15), min(HIGHEST, round(centre) + 15)
    best: Voicing = (LOWEST, 62, 69, 76)
    least = np.inf
    needed = {(tonic + tone) % 12 for tone in (chord[1], chord[-1])}
    for candidate in combinations(pitches_of(chord, tonic, low, high), VOICES):
        steps = [b - a for a, b in pairwise(candidate)]
        if min(steps) < 3 or max(steps) > 9:
            continue
        cost = 0.35 * abs(sum(candidate) / VOICES - centre) + rng.random()
        cost += 0.0 if (candidate[0] - tonic - chord[0]) % 12 == 0 else 1.5
        cost += 2.0 * len(needed - {pitch % 12 for pitch in candidate})
        if previous is not None:
            cost += 0.5 * sum(abs(a - b) for a, b in zip(previous, candidate, strict=True))
        if cost < least:
            best, least = candidate, cost
    return best
