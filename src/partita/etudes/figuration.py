"""Figuration: turn the chords of the synthetic etudes into notes with positions in beats.

There are four textures: broken chords in a fixed figure, runs along the scale, a slow melody with double
stops, and closing chords that are broken upwards and held. Pitches are MIDI numbers that a violinist reaches
in the first positions. This module knows neither seconds nor the sound of the strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partita.etudes.harmony import SCALES, Voicing, pitches_of

OPEN = (55, 62, 69, 76)
"""Pitches of the open strings G, D, A, E."""

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
"""Orders in which the four voices of a chord are played; 0 is the lowest voice."""

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
"""Notes per bow stroke, repeated to the end of the chord."""

RHYTHMS: dict[int, tuple[tuple[float, ...], ...]] = {
    2: ((2,), (1, 1), (1.5, 0.5)),
    3: ((2, 1), (1.5, 0.5, 1), (1, 1, 1), (1, 0.5, 0.5, 1), (3,)),
    4: ((1.5, 0.5, 1, 1), (2, 1, 1), (1, 0.5, 0.5, 2), (3, 1), (1, 1, 1, 1)),
}
"""Rhythms of the melody, for each length of a chord in beats."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """The properties that a movement keeps from its start to its end.

    Attributes:
        tonic: pitch class, 0 for C.
        mode: "major" or "minor".
        beats: beats per bar.
        division: notes per beat.
        figure: order of the voices in broken chords.
        bowing: notes per bow stroke.
        gap: share of the last note of a stroke in which the bow rests; 0 joins the strokes.
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
    """A note or double stop in a phrase.

    Attributes:
        beat: start in the phrase, beats.
        beats: length, beats.
        pitches: one or two MIDI numbers, ascending.
        slurred: whether it continues the bow stroke of the note before it.
        accent: 0 to 1.
        gap: share of its length, at the end, in which the bow rests.
    """

    beat: float
    beats: float
    pitches: tuple[int, ...]
    slurred: bool
    accent: float
    gap: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ChordSpan:
    """The chord that a texture is written for, and its place in the phrase.

    Attributes:
        beat: start in the phrase, beats.
        beats: length, beats.
        voicing: pitches of the chord.
        previous_pitch: highest pitch of the note before it.
    """

    beat: float
    beats: float
    voicing: Voicing
    previous_pitch: int


def playable(low: int, high: int) -> list[int]:
    """Return the lower string of each pair of strings on which a hand can stop two pitches together.

    >>> playable(62, 69), playable(55, 57)
    ([0, 1], [])
    """
    return [s for s in range(3) if OPEN[s] <= low <= OPEN[s] + 9 and OPEN[s + 1] <= high <= OPEN[s + 1] + 9]


def draw_style(rng: np.random.Generator) -> Style:
    """Draw the key, metre, figure and bowing of a movement."""
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


def _bowed(span: ChordSpan, style: Style, pitches: Sequence[int]) -> list[Event]:
    """Return notes of equal length with the style's bowing."""
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
                beat=span.beat + i / style.division,
                beats=1 / style.division,
                pitches=(pitch,),
                slurred=not first,
                accent=1.0 if i == 0 else 0.6 if i % style.division == 0 else 0.2,
                gap=style.gap if left == 0 else 0.0,
            )
        )
    return events


def broken_chord(span: ChordSpan, style: Style) -> list[Event]:
    """Play the voices of a chord one after the other in the order of the style's figure.

    >>> here = ChordSpan(beat=0.0, beats=1.0, voicing=(55, 62, 67, 71), previous_pitch=60)
    >>> style = Style(tonic=7, mode="major", beats=4, division=4, figure=(0, 2, 1, 3), bowing=(4,), gap=0.0)
    >>> [event.pitches[0] for event in broken_chord(here, style)]
    [55, 67, 62, 71]
    """
    notes = round(span.beats * style.division)
    return _bowed(span, style, [span.voicing[style.figure[i % len(style.figure)]] for i in range(notes)])


def scale(rng: np.random.Generator, span: ChordSpan, style: Style) -> list[Event]:
    """Play the scale from the chord tone nearest to the previous pitch; turn at the ends of the range."""
    ladder = pitches_of(SCALES[style.mode], style.tonic, OPEN[0], 86)
    here = min(span.voicing, key=lambda pitch: abs(pitch - span.previous_pitch))
    rung = min(range(len(ladder)), key=lambda i: abs(ladder[i] - here))
    up = 1 if here < 70 else -1 if here > 78 else int(rng.choice((-1, 1)))
    run = []
    for i in range(round(span.beats * style.division)):
        run.append(ladder[rung])
        turn = i % (2 * style.division) == 2 * style.division - 1 and rng.random() < 0.3
        if turn or not 0 <= rung + up < len(ladder):
            up = -up
        rung += up
    return _bowed(span, style, run)


def melody(rng: np.random.Generator, span: ChordSpan, style: Style) -> list[Event]:
    """Play a melody: chord tones on strong beats, scale steps between, sometimes a double stop."""
    rhythms = RHYTHMS.get(round(span.beats), ((span.beats,),))
    rhythm = rhythms[int(rng.integers(len(rhythms)))]
    tones = pitches_of([voice - style.tonic for voice in span.voicing], style.tonic, 62, 84)
    ladder = pitches_of(SCALES[style.mode], style.tonic, 60, 85)
    events: list[Event] = []
    at, pitch = span.beat, span.previous_pitch
    for i, length in enumerate(rhythm):
        if i == 0 or (length >= 1 and rng.random() < 0.5):
            leaps = [abs(tone - pitch) + 4 * rng.random() for tone in tones]
            pitch = tones[int(np.argmin(leaps))]
        else:
            near = [rung for rung in ladder if 0 < abs(rung - pitch) <= 2] or [pitch]
            pitch = int(rng.choice(near))
        below = [v for v in span.voicing if playable(v, pitch)] if i == 0 and rng.random() < 0.5 else []
        pitches = (int(rng.choice(below)), pitch) if below else (pitch,)
        slurred = i > 0 and length < 1.5 and bool(rng.random() < 0.5)
        accent = 0.8 if i == 0 else 0.4
        events.append(Event(beat=at, beats=length, pitches=pitches, slurred=slurred, accent=accent))
        at += length
    return events


def closing_chord(span: ChordSpan) -> list[Event]:
    """End a phrase: break the chord upwards in one stroke, then hold its highest voice or its highest two.

    >>> last = ChordSpan(beat=0.0, beats=4.0, voicing=(55, 62, 71, 79), previous_pitch=60)
    >>> [event.pitches for event in closing_chord(last)]
    [(55,), (62,), (71,), (71, 79)]
    """
    step = min(0.25, span.beats / 12)
    *lower, top = span.voicing
    events = []
    for i, pitch in enumerate(lower):
        beat, accent = span.beat + i * step, 1.0 if i == 0 else 0.6
        events.append(Event(beat=beat, beats=step, pitches=(pitch,), slurred=i > 0, accent=accent))
    held = (lower[-1], top) if playable(lower[-1], top) else (top,)
    spent = len(lower) * step
    at, rest = span.beat + spent, span.beats - spent
    events.append(Event(beat=at, beats=rest, pitches=held, slurred=True, accent=0.7))
    return events
