"""Phrasing: compose the movements of the synthetic etudes as lists of notes in seconds.

A movement has a key, a metre, a tempo and a number of phrases, some of them in a neighbouring key. A phrase
is a chord progression in one or two textures whose loudness rises and falls. It either continues into the
next phrase or ends with a ritardando and a short rest. This module knows neither strings nor sound.
"""

from dataclasses import dataclass, replace

import numpy as np

from partita.etudes.figuration import (
    ChordSpan,
    Event,
    Style,
    broken_chord,
    closing_chord,
    draw_style,
    melody,
    scale,
)
from partita.etudes.harmony import CHORDS, Voicing, choose_voicing, draw_progression


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note or double stop.

    Attributes:
        start: seconds.
        duration: seconds, to the next note or rest.
        pitches: one or two MIDI numbers, ascending.
        slurred: whether it continues the bow stroke of the note before it.
        loudness: 0 to 1.
        gap: share of the duration, at the end, in which the bow rests.
    """

    start: float
    duration: float
    pitches: tuple[int, ...]
    slurred: bool
    loudness: float
    gap: float


@dataclass(frozen=True, kw_only=True)
class _Phrase:
    """A phrase whose timing varies with rubato and ritardando.

    Attributes:
        events: the notes, with positions in beats.
        grid: (points,) positions in beats.
        time: (points,) time of each position, in beats of the mean tempo.
        breath: rest after the phrase, in beats of the mean tempo.
    """

    events: list[Event]
    grid: np.ndarray
    time: np.ndarray
    breath: float


def _texture(rng: np.random.Generator, name: str, span: ChordSpan, style: Style, index: int) -> list[Event]:
    """Return the notes of the phrase's chord number `index` in a texture."""
    if name == "melody":
        return melody(rng, span, style)
    if name == "scale" or (name == "mixed" and index % 2 == 1):
        return scale(rng, span, style)
    return broken_chord(span, style)


def _chords(rng: np.random.Generator, style: Style, bars: int, cadence: str) -> list[tuple[str, float]]:
    """Return the names of chords with their lengths in beats: one or two per bar, the last one a bar long."""
    per_bar = 2 if style.beats == 4 and rng.random() < 0.35 else 1
    names = draw_progression(rng, mode=style.mode, length=(bars - 1) * per_bar + 1, cadence=cadence)
    lengths = [style.beats / per_bar] * (len(names) - 1) + [float(style.beats)]
    return list(zip(names, lengths, strict=True))


def _events(
    rng: np.random.Generator, style: Style, texture: str, chords: list[tuple[str, float]], *, closing: bool
) -> list[Event]:
    """Turn chords into notes; each voicing is close to the previous one, and the register shifts slowly."""
    centre, drift = rng.uniform(67, 74), rng.uniform(-0.8, 0.8)
    events: list[Event] = []
    voicing: Voicing | None = None
    at, last = 0.0, 72
    for i, (name, beats) in enumerate(chords):
        target = float(np.clip(centre + drift * i, 66, 75))
        chord = CHORDS[style.mode][name]
        voicing = choose_voicing(rng, chord, style.tonic, centre=target, previous=voicing)
        span = ChordSpan(beat=at, beats=beats, voicing=voicing, previous_pitch=last)
        final = closing and i == len(chords) - 1
        events += closing_chord(span) if final else _texture(rng, texture, span, style, i)
        at += beats
        last = events[-1].pitches[-1]
    return events


def _timing(rng: np.random.Generator, beats: float, *, slowing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return positions in beats and their times, with a slight rubato and a ritardando over four beats."""
    grid = np.linspace(0.0, beats, round(beats * 8) + 1)
    rubato = 1 + 0.03 * np.sin(2 * np.pi * (grid / beats + rng.random()))
    pace = rubato * (1 + slowing * np.clip((grid - (beats - 4)) / 4, 0, 1) ** 2)
    return grid, np.concatenate([[0.0], np.cumsum(0.5 * (pace[1:] + pace[:-1]) * np.diff(grid))])


def _phrase_lengths(rng: np.random.Generator, bars: int) -> list[int]:
    """Split the bars of a movement into phrases of four or eight bars; the last phrase has the rest."""
    lengths: list[int] = []
    while bars > 0:
        length = int(rng.choice((4, 4, 8)))
        length = bars if bars - length < 2 else length
        lengths.append(length)
        bars -= length
    return lengths


def _neighbouring_key(rng: np.random.Generator, style: Style) -> Style:
    """Return the style in the key of the dominant, of the subdominant, or in the relative key."""
    relative = (9, "minor") if style.mode == "major" else (3, "major")
    step, mode = ((7, style.mode), (5, style.mode), relative)[int(rng.integers(3))]
    return replace(style, tonic=(style.tonic + step) % 12, mode=mode)


def _phrases(rng: np.random.Generator, style: Style, lengths: list[int]) -> list[_Phrase]:
    """Compose the phrases of a movement; the first and the last are in its main key.

    Args:
        rng: random generator of all choices.
        style: the properties of the movement.
        lengths: bars of each phrase.
    """
    main = str(rng.choice(("figure", "figure", "figure", "mixed", "scale", "melody")))
    phrases = []
    for i, bars in enumerate(lengths):
        last = i == len(lengths) - 1
        modulates = i > 0 and not last and rng.random() < 0.6
        here = _neighbouring_key(rng, style) if modulates else style
        texture = main if rng.random() < 0.6 else str(rng.choice(("figure", "scale", "mixed", "melody")))
        cadence = "full" if last or i % 2 else str(rng.choice(("half", "half", "deceptive", "full")))
        closing = bars > 1 and (last or bool(rng.random() < 0.4))
        events = _events(rng, here, texture, _chords(rng, here, bars, cadence), closing=closing)
        slowing = (0.9 if last else rng.uniform(0.2, 0.5)) if closing else 0.0
        grid, time = _timing(rng, bars * style.beats, slowing=slowing)
        breath = rng.uniform(0.3, 0.9) if closing and not last else 0.0
        phrases.append(_Phrase(events=events, grid=grid, time=time, breath=breath))
    return phrases


def _to_notes(rng: np.random.Generator, phrase: _Phrase, origin: float, beat: float) -> list[Note]:
    """Return a phrase's notes in seconds, with rising and falling loudness and slightly uneven timing.

    Args:
        rng: random generator of all choices.
        phrase: the phrase.
        origin: its start, seconds.
        beat: length of a beat at the mean tempo, seconds.
    """
    low, high, peak = rng.uniform(0.25, 0.45), rng.uniform(0.6, 0.95), rng.uniform(0.4, 0.75)
    edges = np.array([event.beat for event in phrase.events] + [phrase.grid[-1]])
    uneven = 0.006 * np.clip(rng.standard_normal(len(edges)), -2, 2)
    uneven[[0, -1]] = 0.0
    starts = origin + beat * np.interp(edges, phrase.grid, phrase.time)
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
    """Compose one movement of a given length.

    Args:
        seconds: time from the start of the first note to the end of the last, positive.
        rng: random generator of all choices.

    Returns:
        The notes, in order of their start.

    >>> notes = compose(20.0, rng=np.random.default_rng(1))
    >>> round(notes[-1].start + notes[-1].duration, 6)
    20.0
    """
    style = draw_style(rng)
    beat = 60 / rng.uniform(*((76, 116) if style.division == 4 else (88, 138)))
    phrases = _phrases(rng, style, _phrase_lengths(rng, max(1, round(seconds / (1.1 * beat * style.beats)))))
    unit = seconds / sum(phrase.time[-1] + phrase.breath for phrase in phrases)
    notes: list[Note] = []
    origin = 0.0
    for phrase in phrases:
        notes += _to_notes(rng, phrase, origin, unit)
        origin += unit * (phrase.time[-1] + phrase.breath)
    return notes
