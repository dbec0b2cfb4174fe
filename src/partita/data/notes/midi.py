"""Read the notes of a MIDI file: tempo changes and the sustain pedal are followed, drums are left out.

Source: MIDI Manufacturers Association, "Standard MIDI Files 1.0".
"""

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mido

from partita.data.notes.note import Note
from partita.errors import PartitaError

DRUM_CHANNEL = 9
"""Channel 10, counted from 0."""
DEFAULT_TEMPO = 500_000
"""Microseconds a quarter note before the first tempo: 120 quarter notes a minute."""
SUSTAIN, ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 64, 120, 121, 123
PEDAL_DOWN = 64
ASYNCHRONOUS = 2
LONGEST_REASON = 100
REMEDY = "export the score again as a MIDI file of type 0 or 1"


def read_midi(data: bytes, path: Path) -> list[Note]:
    """Return the notes of a MIDI file, in any order.

    Args:
        data: the content of the file.
        path: its name, for messages.

    Raises:
        PartitaError: the file is damaged, or holds independent tracks.
    """
    try:
        messages = list(_timed(mido.MidiFile(file=io.BytesIO(data), clip=True)))
    except Exception as error:  # mido raises errors of many types for damaged files
        reason = " ".join(str(error).split())[:LONGEST_REASON] or "it ends too early"
        raise PartitaError(f"{path} is not a MIDI file that can be read ({reason}): {REMEDY}") from error
    channels: dict[int, _Channel] = defaultdict(_Channel)
    for moment, message in messages:
        if not message.is_meta and getattr(message, "channel", DRUM_CHANNEL) != DRUM_CHANNEL:
            channels[message.channel].receive(message, moment)
    for channel in channels.values():
        channel.end_all(messages[-1][0])
    return [note for channel in channels.values() for note in channel.notes]


def _timed(file: mido.MidiFile) -> Iterator[tuple[float, Any]]:
    """Yield the time of each message in seconds, and the message, in the order of time."""
    if file.type == ASYNCHRONOUS:
        raise ValueError("it is of type 2, whose tracks are independent")
    tempo, now, ticks = DEFAULT_TEMPO, 0.0, file.ticks_per_beat
    if not ticks & 0xFF and ticks <= 0:
        raise ValueError("it has 0 ticks a quarter note")
    frames = {29: 30000 / 1001}.get(-(ticks >> 8), -(ticks >> 8)) if ticks < 0 else 0
    for message in mido.merge_tracks(file.tracks):
        now += message.time / (frames * (ticks & 0xFF)) if frames else message.time * tempo / 1e6 / ticks
        if message.type == "set_tempo":
            tempo = message.tempo
        yield now, message


@dataclass
class _Channel:
    """The keys that are down on one channel, and its pedal."""

    notes: list[Note] = field(default_factory=list)
    held: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    released: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    pedal: bool = False

    def receive(self, message: Any, now: float) -> None:
        """Follow a message that is sent at a time in seconds."""
        if message.type == "note_on" and message.velocity:
            self._end(self.released.pop(message.note, []), message.note, now)
            self.held[message.note].append(now)
        elif message.type in ("note_on", "note_off") and self.held[message.note]:
            start = self.held[message.note].pop(0)
            if self.pedal:
                self.released[message.note].append(start)
            else:
                self._end([start], message.note, now)
        elif message.type == "control_change":
            self._control(message.control, message.value, now)

    def _control(self, control: int, value: int, now: float) -> None:
        if control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.end_all(now)
        elif control in (SUSTAIN, RESET):
            self.pedal = control == SUSTAIN and value >= PEDAL_DOWN
            if not self.pedal:
                self._end_keys(self.released, now)

    def end_all(self, now: float) -> None:
        """End everything that sounds."""
        self._end_keys(self.held, now)
        self._end_keys(self.released, now)

    def _end_keys(self, keys: dict[int, list[float]], now: float) -> None:
        for pitch, starts in keys.items():
            self._end(starts, pitch, now)
        keys.clear()

    def _end(self, starts: list[float], pitch: int, now: float) -> None:
        self.notes += [Note(start, now, pitch) for start in starts]
