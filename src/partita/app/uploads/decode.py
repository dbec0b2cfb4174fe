"""Read an uploaded file in a process of its own, with limits.

    python -m partita.app.uploads.decode SOURCE TARGET KIND

Sound becomes a WAV file with one channel, a score a CSV file with the columns `start_s`, `end_s` and
`midi_pitch`. Only these are read later. The process prints one JSON object: `seconds`, or `error`.
"""

import csv
import json
import sys
from pathlib import Path

from partita.app.child.limits import limit_resources
from partita.errors import PartitaError

SOUND, SCORE = "sound", "score"
USUAL_RATE = 48_000
MOST_SECONDS = 1800.0
MEMORY = 6 << 30
CPU_SECONDS = 120
LARGEST = 1 << 30
"""Bytes of the file that is written."""


def decode_sound(source: Path, target: Path) -> float:
    """Write a recording as WAV at its own sample rate, mixed to one channel, and return its seconds.

    Args:
        source: the uploaded file.
        target: the file to write.

    Raises:
        PartitaError: it is not audio, holds no sound, or is too long.
    """
    import soundfile

    from partita.audio.load import read_audio

    try:
        information = soundfile.info(source)
        rate, seconds = information.samplerate, information.duration
    except (soundfile.LibsndfileError, TypeError):  # a format that FFmpeg reads
        rate, seconds = USUAL_RATE, 0.0
    _check_length(seconds)
    sound = read_audio(source, rate)
    _check_length(len(sound) / rate)
    soundfile.write(target, sound, rate, subtype="FLOAT", format="WAV")
    return float(len(sound) / rate)


def decode_score(source: Path, target: Path) -> float:
    """Write a score as CSV and return its seconds.

    Args:
        source: the uploaded MIDI or CSV file.
        target: the file to write.

    Raises:
        PartitaError: it is no score, or it is too long.
    """
    from partita.data.notes import read_notes

    notes = read_notes(source)
    seconds = max(note.end_s for note in notes)
    _check_length(seconds)
    with target.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["start_s", "end_s", "midi_pitch"])
        rows.writerows([note.start_s, note.end_s, note.midi_pitch] for note in notes)
    return seconds


def main(arguments: list[str]) -> None:
    """Read a file and print what was found.

    Args:
        arguments: the source, the target and the kind.
    """
    source, target, kind = Path(arguments[0]), Path(arguments[1]), arguments[2]
    limit_resources(memory=MEMORY, cpu_seconds=CPU_SECONDS, largest_file=LARGEST)
    try:
        seconds = (decode_score if kind == SCORE else decode_sound)(source, target)
        print(json.dumps({"seconds": seconds}))
    except PartitaError as error:
        words = str(error)
        for form in (f"{source} can't be used: ", f"{source} "):
            words = words.removeprefix(form)
        print(json.dumps({"error": words.replace(str(source), "it")}))
    except MemoryError:
        print(json.dumps({"error": "it needs too much memory: give a shorter file"}))


def _check_length(seconds: float) -> None:
    if seconds > MOST_SECONDS:
        raise PartitaError(
            f"it lasts {seconds / 60:.0f} minutes: give at most {MOST_SECONDS / 60:.0f} minutes"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
