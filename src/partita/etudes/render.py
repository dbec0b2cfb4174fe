"""Render synthetic etudes: studies for solo violin that are composed and synthesized from one seed.

The steps are composition (`harmony.py`, `figuration.py`, `phrasing.py`), the player's movements
(`performance.py`), the bowed strings (`bowed_string.py`), and the body of the violin and the room
(`acoustics.py`). The etudes are not recordings, so results on them prove nothing about recordings. This
module does not know corpora.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import soxr

from partita.errors import PartitaError
from partita.etudes.acoustics import body, room
from partita.etudes.bowed_string import FRAME, INTERNAL_RATE, simulate
from partita.etudes.performance import play
from partita.etudes.phrasing import compose
from partita.filenames import c_library_path
from partita.generated_folders import mark_generated
from partita.seeds import numpy_stream
from partita.storage import atomic_file

PEAK = 10 ** (-2 / 20)
"""Largest sample of the result: -2 dBFS."""

BOW_NOISE = 0.07
"""Standard deviation of the relative fluctuation of the bow's friction."""

BACKGROUND_NOISE = 10 ** (-80 / 20)
"""Standard deviation of the background noise, as every microphone records some: -80 dBFS."""

_MOVEMENT_S = 60.0
_SHORTEST_S = 2.0


def _movement(seconds: float, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return one movement at `rate`, with a short silence before it and the reverberation after it."""
    lead = min(0.25, 0.05 * seconds)
    tail = min(1.6, 0.25 * seconds)
    notes = compose(seconds - lead - tail, rng=rng)
    notes = [replace(note, start=note.start + lead) for note in notes]
    controls = play(notes, seconds=seconds, rng=rng)
    samples = (len(controls.frequency) - 1) * FRAME
    noise = BOW_NOISE * rng.standard_normal(samples, dtype=np.float32)
    sound = room(body(simulate(controls, noise), INTERNAL_RATE), INTERNAL_RATE)
    return np.asarray(soxr.resample(sound, INTERNAL_RATE, rate), np.float64)


def render(seconds: float, *, sample_rate: int, seed: int) -> np.ndarray:
    """Render synthetic studies for solo violin; equal arguments give equal samples.

    Args:
        seconds: length of the result.
        sample_rate: Hz, 4,000 to 192,000.
        seed: chooses the music; any integer.

    Returns:
        (samples,) float32, round(seconds * sample_rate) samples, peak -2 dBFS.

    Raises:
        PartitaError: an argument is out of range.

    >>> sound = render(3.0, sample_rate=16000, seed=0)
    >>> sound.shape, sound.dtype, bool(abs(sound).max() < 0.8)
    ((48000,), dtype('float32'), True)
    """
    samples = _count_samples(seconds, sample_rate)
    rng = numpy_stream(seed, "etudes")
    parts = max(1, round(seconds / _MOVEMENT_S))
    shares = rng.uniform(0.75, 1.25, parts)
    lengths = max(seconds, _SHORTEST_S) * shares / shares.sum()
    sound = np.concatenate([_movement(float(length), sample_rate, rng) for length in lengths])
    sound = np.pad(sound, (0, max(0, samples - len(sound))))[:samples]
    sound = sound / max(np.abs(sound).max(), 1e-12) + BACKGROUND_NOISE * rng.standard_normal(samples)
    fade = min(samples, round(0.02 * sample_rate))
    sound[samples - fade :] *= np.linspace(1.0, 0.0, fade)
    return np.asarray(PEAK * sound / max(np.abs(sound).max(), 1e-12), np.float32)


def _count_samples(seconds: float, sample_rate: int) -> int:
    """Check the arguments; return the number of samples."""
    if not (np.isfinite(seconds) and seconds > 0):
        raise PartitaError(
            f"`seconds` is {seconds}, must be positive: give a length in seconds, for example 60"
        )
    if not 4_000 <= sample_rate <= 192_000:
        raise PartitaError(
            f"`sample_rate` is {sample_rate}, must lie between 4000 and 192000: "
            "give a rate in Hz, for example 16000"
        )
    return max(1, round(seconds * sample_rate))


def write_etudes(folder: Path, *, count: int, seconds: float, sample_rate: int, seed: int) -> list[Path]:
    """Write `count` synthetic etudes as 16-bit WAV files: etude-01.wav, etude-02.wav, ...

    The etudes are those of `render` with the seeds seed * 1000 + 1, seed * 1000 + 2, ...

    Args:
        folder: created if it is missing; existing files with these names are replaced.
        count: number of files, at least 1.
        seconds: length of each file.
        sample_rate: Hz, 4,000 to 192,000.
        seed: chooses the music; any integer.

    Returns:
        The paths of the files.

    Raises:
        PartitaError: an argument is out of range, or a file can't be written.
    """
    if count < 1:
        raise PartitaError(f"`count` is {count}, must be at least 1: give the number of etudes to write")
    _count_samples(seconds, sample_rate)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark_generated(folder, "Synthetic studies for solo violin, composed and sounded by Partita.")
    paths = []
    for number in range(1, count + 1):
        path = folder / f"etude-{number:02d}.wav"
        with atomic_file(path) as part:
            sound = render(seconds, sample_rate=sample_rate, seed=seed * 1000 + number)
            try:
                soundfile.write(c_library_path(part), sound, sample_rate, subtype="PCM_16", format="WAV")
            except soundfile.LibsndfileError as error:
                raise PartitaError(
                    f"{path} can't be written ({error}): free some space on the disk, or give another folder"
                ) from error
        paths.append(path)
    return paths
