"""Composing the synthetic etudes: phrases of figuration for solo violin over functional progressions.

A movement has a key, a metre, a tempo and a plan of phrases; each phrase has a texture (broken chords, scales, a slow song
with double stops) and ends in a cadence with a ritardando and a breath. The result is a list of `Note`s in seconds. This
file knows nothing of strings, bows or sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from partita.audio.harmony import CHORDS, SCALES, Voicing, pitches_of, progression, voice

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
"""Orders in which the voices of a chord, lowest first, are played."""

BOWINGS: tuple[tuple[int, ...], ...] = ((1,), (1,), (2,), (4,), (2, 1, 1), (1, 3), (3, 1), (3,), (6,), (8,))
"""Notes to a bow, repeated to the end of the bar."""

RHYTHMS: dict[int, tuple[tuple[float, ...], ...]] = {
    3: ((2, 1), (1.5, 0.5, 1), (1, 1, 1), (1, 0.5, 0.5, 1), (3,)),
    4: ((1.5, 0.5, 1, 1), (2, 1, 1), (1, 0.5, 0.5, 2), (3, 1), (1, 1, 1, 1)),
}
"""Rhythms of the slow texture, by beats to a bar."""

OPEN = (55, 62, 69, 76)
"""The open strings, MIDI numbers."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note or double stop.

    Attributes:
        start: s.
        duration: s, to the next note or rest.
        pitches: one or two MIDI numbers, ascending.
        slurred: whether it goes on in the bow of the note before it.
        loudness: 0 to 1.
        gap: share of the duration, at its end, in which the bow has stopped.
    """

    start: float
    duration: float
    pitches: tuple[int, ...]
    slurred: bool
    loudness: float
    gap: float


@dataclass(frozen=True, kw_only=True)
class _Style:
    """What stays the same through a movement."""

    tonic: int
    mode: str
    beats: int
    division: int
    figure: tuple[int, ...]
    bowing: tuple[int, ...]
    gap: float


@dataclass
class _Event:
    beat: float
    beats: float
    pitches: tuple[int, ...]
    slurred: bool
    accent: float
    gap: float = 0.0


def playable(low: int, high: int) -> bool:
    """Tell whether two pitches can sound together on neighbouring strings within the hand's reach.

    >>> playable(62, 69), playable(55, 57)
    (True, False)
    """
    return any(OPEN[s] <= low <= OPEN[s] + 9 and OPEN[s + 1] <= high <= OPEN[s + 1] + 9 for s in range(3))


def _bowed(start: float, step: float, pitches: Sequence[int], style: _Style) -> list[_Event]:
    """Lay pitches out evenly from a beat on, with the style's bowing."""
    events: list[_Event] = []
    group, left = 0, 0
    for i, pitch in enumerate(pitches):
        first = left == 0
        if first:
            left = style.bowing[group % len(style.bowing)]
            group += 1
        left -= 1
        accent = 1.0 if i == 0 else 0.6 if i % style.division == 0 else 0.2
        gap = style.gap if left == 0 else 0.0
        events.append(_Event(start + i * step, step, (pitch,), not first, accent, gap))
    return events


def _broken_chord(start: float, voicing: Voicing, beats: float, style: _Style) -> list[_Event]:
    slots = round(beats * style.division)
    order = [style.figure[i % len(style.figure)] for i in range(slots)]
    return _bowed(start, 1 / style.division, [voicing[min(v, len(voicing) - 1)] for v in order], style)


def _scale(
    rng: np.random.Generator, start: float, voicing: Voicing, beats: float, style: _Style, last: int
) -> list[_Event]:
    """Run along the scale from the chord's tone nearest to the last pitch, turning at the range's ends."""
    ladder = pitches_of(SCALES[style.mode], style.tonic, OPEN[0], 86)
    here = min(voicing, key=lambda pitch: abs(pitch - last))
    rung = min(range(len(ladder)), key=lambda i: abs(ladder[i] - here))
    up = 1 if here < 70 else -1 if here > 78 else int(rng.choice((-1, 1)))
    run = []
    for i in range(round(beats * style.division)):
        run.append(ladder[rung])
        turn = i % (2 * style.division) == 2 * style.division - 1 and rng.random() < 0.3
        if turn or not 0 <= rung + up < len(ladder):
            up = -up
        rung += up
    return _bowed(start, 1 / style.division, run, style)


def _song(
    rng: np.random.Generator, start: float, voicing: Voicing, beats: float, style: _Style, last: int
) -> list[_Event]:
    """Sing: chord tones on the strong beats, steps of the scale between them, now and then a second string below."""
    rhythms = [r for r in RHYTHMS[style.beats] if sum(r) == beats] or [(beats,)]
    rhythm = rhythms[int(rng.integers(len(rhythms)))]
    tones = [p for p in pitches_of([v - style.tonic for v in voicing], style.tonic, 62, 84)]
    ladder = pitches_of(SCALES[style.mode], style.tonic, 60, 85)
    events: list[_Event] = []
    at, pitch = start, last
    for i, length in enumerate(rhythm):
        if i == 0 or (length >= 1 and rng.random() < 0.5):
            pitch = min(tones, key=lambda p: abs(p - pitch) + 3 * rng.random())
        else:
            near = [p for p in ladder if 0 < abs(p - pitch) <= 2] or [pitch]
            pitch = int(rng.choice(near))
        below = [v for v in voicing if playable(v, pitch)] if i == 0 and rng.random() < 0.5 else []
        pitches = (int(rng.choice(below)), pitch) if below else (pitch,)
        slurred = i > 0 and length < 1.5 and rng.random() < 0.5
        events.append(_Event(at, length, pitches, slurred, 0.8 if i == 0 else 0.4))
        at += length
    return events


def _close(start: float, voicing: Voicing, beats: float) -> list[_Event]:
    """End a phrase: the chord broken upwards, then held."""
    step = min(0.25, beats / 12)
    low, *middle, top = voicing
    events = [_Event(start, step, (low,), False, 1.0)]
    for i, pitch in enumerate(middle):
        events.append(_Event(start + (i + 1) * step, step, (pitch,), True, 0.6))
    held = (middle[-1], top) if middle and playable(middle[-1], top) else (top,)
    at = start + (len(middle) + 1) * step
    events.append(_Event(at, start + beats - at, held, True, 0.7))
    return events


def _phrase(rng: np.random.Generator, style: _Style, texture: str, bars: int, cadence: str) -> list[_Event]:
    """Compose one phrase, in beats from its start."""
    per_bar = 2 if style.beats == 4 and texture != "song" and rng.random() < 0.35 else 1
    names = progression(rng, mode=style.mode, length=max(1, bars * per_bar - (per_bar - 1)), cadence=cadence)
    centre = rng.uniform(67, 74)
    drift = rng.uniform(-0.8, 0.8)
    events: list[_Event] = []
    before: Voicing | None = None
    at, last = 0.0, 72
    for i, name in enumerate(names):
        final = i == len(names) - 1
        beats = float(style.beats) if final else style.beats / per_bar
        chord = CHORDS[style.mode][name]
        target = float(np.clip(centre + drift * i, 66, 75))
        before = voice(rng, chord, style.tonic, voices=4, centre=target, before=before)
        if final and bars > 1:
            events += _close(at, before, beats)
        elif texture == "song":
            events += _song(rng, at, before, beats, style, last)
        elif texture == "scale" or (texture == "mixed" and i % 2 == 1):
            events += _scale(rng, at, before, beats, style, last)
        else:
            events += _broken_chord(at, before, beats, style)
        at += beats
        last = events[-1].pitches[-1]
    return events


def _clock(beats: float, *, slowing: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return (beat, time in units of the tempo's beat) with a gentle rubato and a ritardando over the last bar."""
    grid = np.linspace(0.0, beats, max(2, round(beats * 8)) + 1)
    rubato = 1 + 0.03 * np.sin(2 * np.pi * (grid / max(beats, 1.0) + rng.random()))
    to_end = np.clip((grid - (beats - 4)) / 4, 0, 1)
    pace = rubato * (1 + slowing * to_end**2)
    time = np.concatenate([[0.0], np.cumsum(0.5 * (pace[1:] + pace[:-1]) * np.diff(grid))])
    return grid, time


def _plan(rng: np.random.Generator, bars: int) -> list[int]:
    """Split a movement's bars into phrases of four or eight."""
    lengths: list[int] = []
    while bars > 0:
        length = int(rng.choice((4, 4, 8)))
        if bars - length < 2:
            length = bars
        lengths.append(length)
        bars -= length
    return lengths


def _style(rng: np.random.Generator) -> _Style:
    beats, division = ((4, 4), (4, 4), (3, 4), (4, 3), (3, 2))[int(rng.integers(5))]
    figures = [f for f in FIGURES if (len(f) % 3 == 0) == (division == 3)]
    bowings = [b for b in BOWINGS if (sum(b) % 3 == 0) == (division == 3) or sum(b) == 1]
    return _Style(
        tonic=int(rng.integers(12)),
        mode="major" if rng.random() < 0.55 else "minor",
        beats=beats,
        division=division,
        figure=figures[int(rng.integers(len(figures)))],
        bowing=bowings[int(rng.integers(len(bowings)))],
        gap=float(rng.choice((0.0, 0.0, 0.0, 0.25, 0.4))),
    )


def _neighbour_key(rng: np.random.Generator, style: _Style) -> tuple[int, str]:
    """Return the dominant, the subdominant or the relative key."""
    step, mode = {
        "major": ((7, "major"), (5, "major"), (9, "minor")),
        "minor": ((7, "minor"), (5, "minor"), (3, "major")),
    }[style.mode][int(rng.integers(3))]
    return (style.tonic + step) % 12, mode


def compose(seconds: float, *, rng: np.random.Generator) -> list[Note]:
    """Compose one movement whose notes fill `seconds`, in order of their start.

    Args:
        seconds: from the first note's start to the last note's end.
        rng: the stream that every choice is drawn from.

    >>> notes = compose(20.0, rng=np.random.default_rng(1))
    >>> round(notes[-1].start + notes[-1].duration, 6)
    20.0
    """
    style = _style(rng)
    home = (style.tonic, style.mode)
    beat = 60 / rng.uniform(*((72, 104) if style.division == 4 else (84, 126)))
    phrases = _plan(rng, max(1, round(seconds / (1.12 * beat * style.beats))))
    main = str(rng.choice(("figure", "figure", "mixed", "song")))
    pieces: list[tuple[list[_Event], np.ndarray, np.ndarray, float]] = []
    for i, bars in enumerate(phrases):
        last = i == len(phrases) - 1
        cadence = "full" if last or i % 2 else str(rng.choice(("half", "half", "deceptive", "full")))
        away = 0 < i < len(phrases) - 1 and rng.random() < 0.6
        tonic, mode = _neighbour_key(rng, style) if away else home
        texture = main if rng.random() < 0.6 else str(rng.choice(("figure", "scale", "mixed", "song")))
        here = replace(style, tonic=tonic, mode=mode)
        events = _phrase(rng, here, texture, bars, cadence)
        slowing = (0.9 if last else rng.uniform(0.2, 0.5)) if bars > 1 else 0.0
        grid, time = _clock(bars * style.beats, slowing=slowing, rng=rng)
        pieces.append((events, grid, time, 0.0 if last else rng.uniform(0.3, 0.9)))
    unit = seconds / sum(time[-1] + breath for _, _, time, breath in pieces)
    return _perform(rng, pieces, unit)


def _perform(
    rng: np.random.Generator, pieces: list[tuple[list[_Event], np.ndarray, np.ndarray, float]], unit: float
) -> list[Note]:
    """Put phrases into time, `unit` seconds a beat, with a dynamic arch over each and small unevenness."""
    notes: list[Note] = []
    origin = 0.0
    for events, grid, time, breath in pieces:
        low, high = rng.uniform(0.25, 0.45), rng.uniform(0.6, 0.95)
        peak = rng.uniform(0.4, 0.75)
        edges = np.array([event.beat for event in events] + [grid[-1]])
        starts = origin + unit * np.interp(edges, grid, time)
        shifts = 0.006 * np.clip(rng.standard_normal(len(edges)), -2, 2)
        shifts[0] = shifts[-1] = 0.0
        starts += np.minimum(1.0, np.diff(edges, append=edges[-1] + 1)) * shifts
        for i, event in enumerate(events):
            x = event.beat / grid[-1]
            arch = x / peak if x < peak else (1 - x) / (1 - peak)
            loudness = low + (high - low) * arch**0.8 + 0.12 * (event.accent - 0.4)
            notes.append(
                Note(
                    start=float(starts[i]),
                    duration=float(starts[i + 1] - starts[i]),
                    pitches=event.pitches,
                    slurred=event.slurred,
                    loudness=float(np.clip(loudness + 0.03 * rng.standard_normal(), 0.05, 1.0)),
                    gap=event.gap,
                )
            )
        origin += unit * (float(time[-1]) + breath)
    return notes
