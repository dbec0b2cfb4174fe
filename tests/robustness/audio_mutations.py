"""Make damaged audio files from a fixed seed, and decode a range of them.

    python audio_mutations.py FOLDER FIRST STOP

prints a line before and after each file, which shows the file that causes a crash, a hang or an excess of
memory. `test_audio_mutations.py` runs this script.
"""

import io
import json
import resource
import struct
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from partita.audio.errors import UnreadableError
from partita.data.preparation.recording import SoundSettings, prepare_recording

SEED = 20
MEMORY = 3 << 30  # bytes of address space, including libraries
SUFFIXES = {"MP3": ".mp3", "OGG": ".ogg"}
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)
FORMATS = [
    ("WAV", "PCM_16", 8000, 1),
    ("WAV", "PCM_24", 44100, 2),
    ("WAV", "FLOAT", 16000, 2),
    ("WAV", "IMA_ADPCM", 16000, 1),
    ("WAV", "MS_ADPCM", 16000, 2),
    ("WAV", "GSM610", 8000, 1),
    ("RF64", "PCM_16", 16000, 1),
    ("W64", "PCM_16", 16000, 2),
    ("AIFF", "PCM_16", 22050, 2),
    ("AIFF", "FLOAT", 16000, 1),
    ("AU", "PCM_16", 16000, 1),
    ("AU", "ULAW", 8000, 1),
    ("CAF", "PCM_16", 16000, 2),
    ("CAF", "ALAC_16", 16000, 1),
    ("FLAC", "PCM_16", 16000, 1),
    ("FLAC", "PCM_24", 44100, 2),
    ("OGG", "VORBIS", 16000, 2),
    ("OGG", "OPUS", 48000, 1),
    ("MP3", "MPEG_LAYER_III", 16000, 1),
    ("MP3", "MPEG_LAYER_III", 44100, 2),
]


@cache
def seeds() -> list[tuple[str, bytes]]:
    """Return small sound files as (suffix, bytes): every format, joined files, MP3 without a frame count."""
    made = []
    for name, subtype, rate, channels in FORMATS:
        t = np.arange(rate // 3) / rate
        tone = 0.4 * np.sin(2 * np.pi * 440 * t) + np.random.default_rng(0).uniform(-0.1, 0.1, len(t))
        file = io.BytesIO()
        soundfile.write(file, np.stack([tone] * channels, 1), rate, format=name, subtype=subtype)
        made.append((SUFFIXES.get(name, f".{name.lower()}"), file.getvalue()))
    mp3 = made[-1][1]
    stripped = mp3[mp3.index(mp3[:2], 100) :]
    joined = [(suffix, data * 2) for suffix, data in made if suffix in (".ogg", ".mp3", ".flac")]
    return [*made, *joined, (".mp3", stripped), (".mp3", made[-2][1] + stripped)]


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to four random changes, more often near the header."""
    made = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        _damage(made, rng)
    return bytes(made)


def _damage(made: bytearray, rng: np.random.Generator) -> None:
    size = len(made)
    if size < 16:
        return
    reach = (64, 512, size)[rng.integers(3)]
    at = int(rng.integers(min(reach, size)))
    length = int(rng.integers(1, min(2000, size)))
    match int(rng.integers(8)):
        case 0:
            for place in rng.integers(0, min(reach, size), rng.integers(1, 20)):
                made[place] ^= 1 << int(rng.integers(8))
        case 1:
            del made[int(rng.integers(size)) :]
        case 2:
            made[at : at + length] = bytes(len(made[at : at + length]))
        case 3:
            made[at:at] = made[at : at + length]
        case 4:
            made[at:at] = rng.bytes(length)
        case 5:
            del made[at : at + length]
        case 6:
            value, order = EXTREMES[rng.integers(len(EXTREMES))], "<>"[rng.integers(2)]
            place = min(at // 2 * 2, size - 4)
            struct.pack_into(f"{order}I", made, place, value)
        case _:
            value = EXTREMES[rng.integers(len(EXTREMES))] & 0xFFFF
            struct.pack_into("<H", made, min(at // 2 * 2, size - 2), value)


def mutant(number: int) -> tuple[str, bytes]:
    """Return a damaged file by its number, as (suffix, bytes); every fifth has a random suffix."""
    rng = np.random.default_rng([SEED, number])
    suffix, data = seeds()[number % len(seeds())]
    if number % 5 == 4:
        suffix = (".wav", ".mp3", ".au", ".flac", ".ogg", ".m4a")[rng.integers(6)]
    return suffix, mutate(data, rng)


def decode(path: Path) -> str:
    """Return "used" or "refused"; any other exception is a fault."""
    sound = SoundSettings(sample_rate=16000, peak_dbfs=-1.0, trim=True)
    try:
        with tempfile.TemporaryFile() as target:
            prepare_recording(path, sound, target, path.parent)
    except UnreadableError as error:
        return "refused" if len(str(error).splitlines()) == 1 else f"no single line: {error!r}"
    return "used"


def main(folder: Path, first: int, stop: int) -> None:
    """Decode a range of damaged files, and print the result of each."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number in range(first, stop):
        suffix, data = mutant(number)
        path = folder / f"{number}{suffix}"
        path.write_bytes(data)
        print(json.dumps({"number": number}), flush=True)
        begin = time.perf_counter()
        try:
            result = decode(path)
        except Exception as error:
            result = f"fault: {type(error).__name__}: {error}"
        print(
            json.dumps({"number": number, "result": result, "seconds": time.perf_counter() - begin}),
            flush=True,
        )
        path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
