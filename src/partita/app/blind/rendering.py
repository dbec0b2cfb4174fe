"""Clips as a listener gets them: equally long, equally loud, and without anything that tells the arm.

All clips of a test are cut to the same number of samples, brought to the lowest sample rate among them, ended
by the same fade, and scaled to the same integrated loudness (ITU-R BS.1770-4), or to the same RMS level if
they are shorter than one gating block of 400 ms. The loudness is -23 LUFS, or lower if a clip would otherwise
exceed -1 dB true peak. Every served copy has its own dither of one quantization step, so that the bytes of no
two copies are the same. This file knows no arms.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita.audio.load import read_audio
from partita.audio.loudness import GATING_SECONDS, integrated_loudness, rms_dbfs, true_peak
from partita.audio.pcm import INT16_SCALE, fade_out
from partita.audio.wav import wav_header
from partita.errors import PartitaError
from partita.filenames import c_library_path, readable_filename

LOUDNESS = -23.0  # LUFS (EBU R 128), or dB of full scale for clips that are too short
PEAK_DBTP = -1.0
FADE_SECONDS = 0.01
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True)
class RenderedClips:
    """Sounds of equal length and loudness.

    Args:
        sounds: (clips, samples) float; 1 is full scale.
        sample_rate: in Hz.
        loudness: what all clips have, except silent ones: in LUFS, or dB of full scale.
        is_integrated: whether the loudness is the integrated loudness; otherwise it is the RMS level.
        silent: the numbers of the clips that have no loudness; their level is not changed.
    """

    sounds: NDArray[np.float64]
    sample_rate: int
    loudness: float
    is_integrated: bool
    silent: tuple[int, ...]


def render_clips(paths: Sequence[Path], *, seconds: float) -> RenderedClips:
    """Read clips, and make them equally long and loud.

    Args:
        paths: the files of all clips of a test.
        seconds: the greatest length; longer clips are cut at their end.

    Raises:
        PartitaError: a file is not audio, or the shortest one is shorter than 0.1 seconds.
    """
    rate = min(_sample_rate(path) for path in paths)
    sounds = [read_audio(path, rate) for path in paths]
    length = min(round(seconds * rate), *(len(sound) for sound in sounds))
    if length < SHORTEST_SECONDS * rate:
        shortest = min(range(len(sounds)), key=lambda index: len(sounds[index]))
        raise PartitaError(
            f"{paths[shortest]} has {len(sounds[shortest]) / rate:.3f} seconds: give clips of at least"
            f" {SHORTEST_SECONDS} seconds"
        )
    cut = np.array([sound[:length] for sound in sounds], np.float64)
    return equal_loudness(_faded(cut, rate), rate)


def equal_loudness(sounds: NDArray[np.float64], sample_rate: int) -> RenderedClips:
    """Scale sounds to the same loudness, the greatest at which no true peak exceeds -1 dB, at most -23 LUFS.

    Args:
        sounds: (clips, samples) float.
        sample_rate: in Hz.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    >>> rendered = equal_loudness(np.array([0.01 * tone, 0.9 * tone]), 16000)
    >>> rendered.loudness, bool(np.allclose(rendered.sounds[0], rendered.sounds[1]))
    (-23.0, True)
    """
    is_integrated = sounds.shape[1] >= round(GATING_SECONDS * sample_rate)
    levels = [
        integrated_loudness(sound, sample_rate) if is_integrated else rms_dbfs(sound) for sound in sounds
    ]
    peaks = [20 * math.log10(max(true_peak(sound, sample_rate), 1e-12)) for sound in sounds]
    audible = [index for index, level in enumerate(levels) if math.isfinite(level)]
    highest = [PEAK_DBTP - peaks[index] + levels[index] for index in audible]
    target = min(LOUDNESS, *highest) if highest else LOUDNESS
    gains = [
        10 ** ((target - levels[index]) / 20) if index in audible else 1.0 for index in range(len(sounds))
    ]
    silent = tuple(index for index in range(len(sounds)) if index not in audible)
    return RenderedClips(sounds * np.array(gains)[:, None], sample_rate, target, is_integrated, silent)


def render_prompts(paths: Sequence[Path], like: RenderedClips) -> NDArray[np.float64]:
    """Read prompts and give them the length, the sample rate and the loudness of rendered clips.

    A longer prompt loses its beginning, because clips continue its end; a shorter one ends in silence.

    Args:
        paths: the files.
        like: the clips of the test.

    Returns:
        (prompts, samples) float.
    """
    length = like.sounds.shape[1]
    rendered = np.zeros((len(paths), length))
    for row, path in zip(rendered, paths, strict=True):
        sound = read_audio(path, like.sample_rate, last_samples=length)
        alone = _faded(np.asarray(sound, np.float64)[None], like.sample_rate)
        row[: len(sound)] = _at_loudness(alone[0], like)
    return rendered


def served_wav(sound: NDArray[np.float64], sample_rate: int) -> bytes:
    """Return a WAV file with a copy of a sound: 16 bits, mono, with fresh triangular dither.

    The size depends on the number of samples alone. The dither, from the operating system's random numbers,
    makes the bytes of two copies of the same sound differ, so that they can't be matched by their digests.

    Args:
        sound: (samples,) float; 1 is full scale.
        sample_rate: in Hz.

    >>> one, other = (served_wav(np.zeros(1000), 16000) for _ in range(2))
    >>> len(one), len(other), one == other
    (2044, 2044, False)
    """
    rng = np.random.default_rng(secrets.randbits(128))
    dither = rng.random(len(sound)) - rng.random(len(sound))
    samples = np.clip(np.rint(sound * INT16_SCALE + dither), -INT16_SCALE, INT16_SCALE)
    return wav_header(sample_rate, len(sound)) + samples.astype("<i2").tobytes()


def _at_loudness(sound: NDArray[np.float64], like: RenderedClips) -> NDArray[np.float64]:
    """Scale a prompt to the loudness of the clips, or less if its peak would be too high."""
    long_enough = like.is_integrated and len(sound) >= round(GATING_SECONDS * like.sample_rate)
    level = integrated_loudness(sound, like.sample_rate) if long_enough else rms_dbfs(sound)
    if not math.isfinite(level):
        return sound
    gain = 10 ** ((like.loudness - level) / 20)
    return sound * min(gain, 10 ** (PEAK_DBTP / 20) / max(true_peak(sound, like.sample_rate), 1e-12))


def _faded(sounds: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Return sounds with their last 10 ms faded out."""
    faded, length = sounds.copy(), min(sounds.shape[1], round(FADE_SECONDS * sample_rate))
    faded[:, sounds.shape[1] - length :] *= fade_out(length)
    return faded


def _sample_rate(path: Path) -> int:
    try:
        return int(soundfile.info(c_library_path(path)).samplerate)
    except soundfile.LibsndfileError as error:
        shown = readable_filename(str(path))
        raise PartitaError(f"{shown} is not a sound file that can be read: give WAV or FLAC clips") from error
