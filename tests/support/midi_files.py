"""Write MIDI files of given notes."""

from collections.abc import Sequence
from pathlib import Path

import mido

from partita.data.notes import Note

TICKS = 480
"""Ticks a quarter note, which lasts 0.5 s."""


def midi_of(notes: Sequence[Note], *, channel: int = 0) -> list[mido.MidiTrack]:
    """Return a track with the notes, whose times must be whole ticks."""
    events = []
    for note in notes:
        for seconds, velocity in ((note.start_s, 80), (note.end_s, 0)):
            ticks = round(seconds * 2 * TICKS)
            events.append((ticks, velocity, note.midi_pitch))
    track, now = mido.MidiTrack(), 0
    for ticks, velocity, pitch in sorted(events):
        track.append(
            mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=ticks - now)
        )
        now = ticks
    return [track]


def drums() -> mido.MidiTrack:
    """Return a track with a note of the drums."""
    return midi_of([Note(0.0, 1.0, 38)], channel=9)[0]


def write_midi(path: Path, tracks: Sequence[mido.MidiTrack]) -> Path:
    """Write a MIDI file of type 1 and return its path."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.extend(tracks)
    file.save(path)
    return path
