"""Figuration for the synthetic etudes: chords become notes in beats.

Four textures: broken chords in a fixed figure, runs along the scale, a slow song with double stops, and
closes (a chord broken upwards and held). Pitches are MIDI numbers. This file knows neither seconds nor
strings' sound; the hand it writes for is a violinist's in the first positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partita.etudes.harmony import SCALES, Voicing, pitches_of

OPEN = (55, 62, 69, 76)
"""The open strings G, D, A, E."""

FIGURES: tuple[tuple[int, ...], ...] = (
    (0, 1, 2, 3),
    (3, 2, 1, 0),
    (0, 2, 1, 3),
    (0, 1, 2, 3, 2, 3, 2, 1),
    (0, 2, 3, 2, 1, 2, 3, 2),
    (0, 3, 2, 3, 1, 3, 2, 3),
    (3, 0, 2, 0, 3, 1, 2, 1),
    (0, 1, 2, 1),
    (2, 1, 0, 1, 2, 3),
    (0, 1, 2, 3, 2, 1),
    (0, 2, 1, 2, 3, 2),
    (0, 2, 1),
)
"""Orders in which the four voices of a chord, lowest first, are played."""

BOWINGS: tuple[tuple[int, ...], ...] = (
    (1,),
    (2,),
    (4,),
    (2, 1, 1),
    (1, 3),
    (3, 1),
    (8,),
    (3,),
    (6,),
    (2, 1),
)
"""Notes to a bow, repeated to the end of the chord."""

RHYTHMS: dict[int, tuple[tuple[float, ...], ...]] = {
    2: ((2,), (1, 1), (1.5, 0.5)),
    3: ((2, 1), (1.5, 0.5, 1), (1, 1, 1), (1, 0.5, 0.5, 1), (3,)),
    4: ((1.5, 0.5, 1, 1), (2, 1, 1), (1, 0.5, 0.5, 2), (3, 1), (1, 1, 1, 1)),
}
"""Rhythms of the song, by the chord's length in beats."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """What stays the same through a movement.

    Attributes:
        tonic: pitch class, 0 for C.
        mode: "major" or "minor".
        beats: to a bar.
        division: notes to a beat.
        figure: the broken chords' order of voices.
        bowing: notes to a bow.
        gap: share of a stroke's last note in which the bow rests; 0 joins the strokes.
    """

    tonic: int
    mode: str
    beats: int
    division: int
    figure: tuple[int, ...]
    bowing: tuple[int, ...]
    gap: float


@dataclass(frozen=True, kw_only=True)
class Event:
    """A note or double stop in a phrase: when and for how long (beats), what, and how it is bowed."""

    beat: float
    beats: float
    pitches: tuple[int, ...]
    slurred: bool
    accent: float
    gap: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a texture is laid: from a beat on, over one chord, after the pitch `last`."""

    beat: float
    beats: float
    voicing: Voicing
    last: int


def playable(low: int, high: int) -> list[int]:
    """Return the lower string of each pair on which two pitches can sound together within the hand's reach.

    >>> playable(62, 69), playable(55, 57)
    ([0, 1], [])
    """
    return [s for s in range(3) if OPEN[s] <= low <= OPEN[s] + 9 and OPEN[s + 1] <= high <= OPEN[s + 1] + 9]


def draw_style(rng: np.random.Generator) -> Style:
    """Draw a movement's key, metre, figure and bowing."""
    beats, division = ((4, 4), (4, 4), (3, 4), (4, 3), (3, 2))[int(rng.integers(5))]
    figures = [f for f in FIGURES if (len(f) % 3 == 0) == (division == 3)]
    bowings = [b for b in BOWINGS if b == (1,) or (sum(b) % 3 == 0) == (division == 3)]
    return Style(
        tonic=int(rng.integers(12)),
        mode="major" if rng.random() < 0.55 else "minor",
        beats=beats,
        division=division,
        figure=figures[int(rng.integers(len(figures)))],
        bowing=bowings[0 if rng.random() < 0.25 else int(rng.integers(len(bowings)))],
        gap=float(rng.choice((0.0, 0.0, 0.0, 0.2, 0.35))),
    )


def _bowed(place: Place, style: Style, pitches: Sequence[int]) -> list[Event]:
    """Lay pitches out evenly with the style's bowing."""
    events: list[Event] = []
    stroke, left = 0, 0
    for i, pitch in enumerate(pitches):
        first = left == 0
        if first:
            left = style.bowing[stroke % len(style.bowing)]
            stroke += 1
        left -= 1
        events.append(
            Event(
                beat=place.beat + i / style.division,
                beats=1 / style.division,
                pitches=(pitch,),
                slurred=not first,
                accent=1.0 if i == 0 else 0.6 if i % style.division == 0 else 0.2,
                gap=style.gap if left == 0 else 0.0,
            )
        )
    return events


def broken_chord(place: Place, style: Style) -> list[Event]:
    """Break a chord of four voices in the style's figure.

    >>> here = Place(beat=0.0, beats=1.0, voicing=(55, 62, 67, 71), last=60)
    >>> style = Style(tonic=7, mode="major", beats=4, division=4, figure=(0, 2, 1, 3), bowing=(4,), gap=0.0)
    >>> [event.pitches[0] for event in broken_chord(here, style)]
    [55, 67, 62, 71]
    """
    notes = round(place.beats * style.division)
    return _bowed(place, style, [place.voicing[style.figure[i % len(style.figure)]] for i in range(notes)])


def scale(rng: np.random.Generator, place: Place, style: Style) -> list[Event]:
    """Run along the scale from the chord's tone nearest to the last pitch, turning at the range's ends."""
    ladder = pitches_of(SCALES[style.mode], style.tonic, OPEN[0], 86)
    here = min(place.voicing, key=lambda pitch: abs(pitch - place.last))
    rung = min(range(len(ladder)), key=lambda i: abs(ladder[i] - here))
    up = 1 if here < 70 else -1 if here > 78 else int(rng.choice((-1, 1)))
    run = []
    for i in range(round(place.beats * style.division)):
        run.append(ladder[rung])
        turn = i % (2 * style.division) == 2 * style.division - 1 and rng.random() < 0.3
        if turn or not 0 <= rung + up < len(ladder):
            up = -up
        rung += up
    return _bowed(place, style, run)


def song(rng: np.random.Generator, place: Place, style: Style) -> list[Event]:
    """Sing: chord tones on strong beats, steps of the scale between, now and then a second string below."""
    rhythms = RHYTHMS.get(round(place.beats), ((place.beats,),))
    rhythm = rhythms[int(rng.integers(len(rhythms)))]
    tones = pitches_of([voice - style.tonic for voice in place.voicing], style.tonic, 62, 84)
    ladder = pitches_of(SCALES[style.mode], style.tonic, 60, 85)
    events: list[Event] = []
    at, pitch = place.beat, place.last
    for i, length in enumerate(rhythm):
        if i == 0 or (length >= 1 and rng.random() < 0.5):
            leaps = [abs(tone - pitch) + 4 * rng.random() for tone in tones]
            pitch = tones[int(np.argmin(leaps))]
        else:
            near = [rung for rung in ladder if 0 < abs(rung - pitch) <= 2] or [pitch]
            pitch = int(rng.choice(near))
        below = [v for v in place.voicing if playable(v, pitch)] if i == 0 and rng.random() < 0.5 else []
        pitches = (int(rng.choice(below)), pitch) if below else (pitch,)
        slurred = i > 0 and length < 1.5 and bool(rng.random() < 0.5)
        accent = 0.8 if i == 0 else 0.4
        events.append(Event(beat=at, beats=length, pitches=pitches, slurred=slurred, accent=accent))
        at += length
    return events


def close(place: Place) -> list[Event]:
    """End a phrase: the chord broken upwards in one bow, then its top, or its two top voices, held.

    >>> [event.pitches for event in close(Place(beat=0.0, beats=4.0, voicing=(55, 62, 71, 79), last=60))]
    [(55,), (62,), (71,), (71, 79)]
    """
    step = min(0.25, place.beats / 12)
    *lower, top = place.voicing
    events = []
    for i, pitch in enumerate(lower):
        beat, accent = place.beat + i * step, 1.0 if i == 0 else 0.6
        events.append(Event(beat=beat, beats=step, pitches=(pitch,), slurred=i > 0, accent=accent))
    held = (lower[-1], top) if playable(lower[-1], top) else (top,)
    spent = len(lower) * step
    at, rest = place.beat + spent, place.beats - spent
    events.append(Event(beat=at, beats=rest, pitches=held, slurred=True, accent=0.7))
    return events
