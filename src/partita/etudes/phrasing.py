"""Composing the synthetic etudes: movements, phrases and time.

A movement has a key, a metre, a tempo and a plan of phrases, some of them in a neighbouring key. A phrase
is a progression in one or two textures with an arch of loudness; it runs on into the next or comes to a
close with a ritardando and a breath. The result is a list of notes in seconds. This file knows no strings
and no sound.
"""

from dataclasses import dataclass, replace

import numpy as np

from partita.etudes.figuration import Event, Place, Style, broken_chord, close, draw_style, scale, song
from partita.etudes.harmony import CHORDS, Voicing, progression, voice


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note or double stop.

    Attributes:
        start: s.
        duration: s, to the next note or rest.
        pitches: one or two MIDI numbers, ascending.
        slurred: whether it goes on in the bow of the note before it.
        loudness: 0 to 1.
        gap: share of the duration, at its end, in which the bow rests.
    """

    start: float
    duration: float
    pitches: tuple[int, ...]
    slurred: bool
    loudness: float
    gap: float


@dataclass(frozen=True, kw_only=True)
class _Phrase:
    """Events in beats, and the time of a grid of beats, in units of the tempo's beat."""

    events: list[Event]
    grid: np.ndarray
    time: np.ndarray
    breath: float


def _texture(rng: np.random.Generator, name: str, place: Place, style: Style, index: int) -> list[Event]:
    if name == "song":
        return song(rng, place, style)
    if name == "scale" or (name == "mixed" and index % 2 == 1):
        return scale(rng, place, style)
    return broken_chord(place, style)


def _chords(rng: np.random.Generator, style: Style, bars: int, cadence: str) -> list[tuple[str, float]]:
    """Return chord names with their lengths in beats: one or two to a bar, the last one a bar long."""
    a_bar = 2 if style.beats == 4 and rng.random() < 0.35 else 1
    names = progression(rng, mode=style.mode, length=(bars - 1) * a_bar + 1, cadence=cadence)
    lengths = [style.beats / a_bar] * (len(names) - 1) + [float(style.beats)]
    return list(zip(names, lengths, strict=True))


def _events(
    rng: np.random.Generator, style: Style, texture: str, chords: list[tuple[str, float]], *, closing: bool
) -> list[Event]:
    """Turn chords into events, voices led from each to the next within a register that drifts."""
    centre, drift = rng.uniform(67, 74), rng.uniform(-0.8, 0.8)
    events: list[Event] = []
    before: Voicing | None = None
    at, last = 0.0, 72
    for i, (name, beats) in enumerate(chords):
        target = float(np.clip(centre + drift * i, 66, 75))
        before = voice(rng, CHORDS[style.mode][name], style.tonic, centre=target, before=before)
        place = Place(beat=at, beats=beats, voicing=before, last=last)
        final = closing and i == len(chords) - 1
        events += close(place) if final else _texture(rng, texture, place, style, i)
        at += beats
        last = events[-1].pitches[-1]
    return events


def _clock(rng: np.random.Generator, beats: float, *, slowing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a grid of beats and its time: a gentle rubato and a ritardando over the last four beats."""
    grid = np.linspace(0.0, beats, round(beats * 8) + 1)
    rubato = 1 + 0.03 * np.sin(2 * np.pi * (grid / beats + rng.random()))
    pace = rubato * (1 + slowing * np.clip((grid - (beats - 4)) / 4, 0, 1) ** 2)
    return grid, np.concatenate([[0.0], np.cumsum(0.5 * (pace[1:] + pace[:-1]) * np.diff(grid))])


def _plan(rng: np.random.Generator, bars: int) -> list[int]:
    """Split a movement's bars into phrases of four or eight, the last of what remains."""
    lengths: list[int] = []
    while bars > 0:
        length = int(rng.choice((4, 4, 8)))
        length = bars if bars - length < 2 else length
        lengths.append(length)
        bars -= length
    return lengths


def _neighbour(rng: np.random.Generator, style: Style) -> Style:
    """Return the style in the dominant, the subdominant or the relative key."""
    relative = (9, "minor") if style.mode == "major" else (3, "major")
    step, mode = ((7, style.mode), (5, style.mode), relative)[int(rng.integers(3))]
    return replace(style, tonic=(style.tonic + step) % 12, mode=mode)


def _phrases(rng: np.random.Generator, style: Style, plan: list[int]) -> list[_Phrase]:
    """Compose the phrases of a movement: at home first and last, perhaps elsewhere between."""
    main = str(rng.choice(("figure", "figure", "figure", "mixed", "scale", "song")))
    phrases = []
    for i, bars in enumerate(plan):
        last = i == len(plan) - 1
        away = i > 0 and not last and rng.random() < 0.6
        here = _neighbour(rng, style) if away else style
        texture = main if rng.random() < 0.6 else str(rng.choice(("figure", "scale", "mixed", "song")))
        cadence = "full" if last or i % 2 else str(rng.choice(("half", "half", "deceptive", "full")))
        closing = bars > 1 and (last or bool(rng.random() < 0.4))
        events = _events(rng, here, texture, _chords(rng, here, bars, cadence), closing=closing)
        slowing = (0.9 if last else rng.uniform(0.2, 0.5)) if closing else 0.0
        grid, time = _clock(rng, bars * style.beats, slowing=slowing)
        breath = rng.uniform(0.3, 0.9) if closing and not last else 0.0
        phrases.append(_Phrase(events=events, grid=grid, time=time, breath=breath))
    return phrases


def _perform(rng: np.random.Generator, phrase: _Phrase, origin: float, unit: float) -> list[Note]:
    """Put a phrase into time, `unit` seconds a beat, with an arch of loudness and small unevenness."""
    low, high, peak = rng.uniform(0.25, 0.45), rng.uniform(0.6, 0.95), rng.uniform(0.4, 0.75)
    edges = np.array([event.beat for event in phrase.events] + [phrase.grid[-1]])
    uneven = 0.006 * np.clip(rng.standard_normal(len(edges)), -2, 2)
    uneven[[0, -1]] = 0.0
    starts = origin + unit * np.interp(edges, phrase.grid, phrase.time)
    starts += uneven * np.minimum(1.0, np.gradient(starts) / 0.1)
    x = edges[:-1] / edges[-1]
    arch = np.where(x < peak, x / peak, (1 - x) / (1 - peak)) ** 0.8
    accents = np.array([event.accent for event in phrase.events])
    loudness = low + (high - low) * arch + 0.12 * (accents - 0.4) + 0.03 * rng.standard_normal(len(x))
    return [
        Note(
            start=float(starts[i]),
            duration=float(starts[i + 1] - starts[i]),
            pitches=event.pitches,
            slurred=event.slurred,
            loudness=float(np.clip(loudness[i], 0.05, 1.0)),
            gap=event.gap,
        )
        for i, event in enumerate(phrase.events)
    ]


def compose(seconds: float, *, rng: np.random.Generator) -> list[Note]:
    """Compose one movement whose notes fill `seconds`, in order of their start.

    Args:
        seconds: from the first note's start to the last note's end, positive.
        rng: the stream that every choice is drawn from.

    >>> notes = compose(20.0, rng=np.random.default_rng(1))
    >>> round(notes[-1].start + notes[-1].duration, 6)
    20.0
    """
    style = draw_style(rng)
    beat = 60 / rng.uniform(*((76, 116) if style.division == 4 else (88, 138)))
    phrases = _phrases(rng, style, _plan(rng, max(1, round(seconds / (1.1 * beat * style.beats)))))
    unit = seconds / sum(phrase.time[-1] + phrase.breath for phrase in phrases)
    notes: list[Note] = []
    origin = 0.0
    for phrase in phrases:
        notes += _perform(rng, phrase, origin, unit)
        origin += unit * (phrase.time[-1] + phrase.breath)
    return notes
