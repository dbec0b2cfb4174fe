"""Do several voices sound at once? The features of a model follow one pitch."""

import numpy as np
from numpy.typing import NDArray

from partita.doctor.corpus.excerpts import CorpusSound, Waveform
from partita.doctor.finding import Finding

FRAME_S = 0.093  # resolves semitones from 200 Hz on
LOWEST_HZ, HIGHEST_HZ = 60.0, 5000.0
PEAK_DB, ABOVE_DB = (
    30.0,
    10.0,
)  # a partial is within 30 dB of the strongest, and 10 dB above what is around it
AROUND = 30  # bins on each side
LOUD_DB = 25.0
SEMITONE_TENTHS = np.arange(33, 96, 0.1)
"""Pitches that are tried, MIDI note numbers: 55 to 2,000 Hz."""
HARMONICS = 12
UNEXPLAINED = 0.4
"""A frame has several voices if the best pitch leaves this share of its partials' amplitude. So are 14% to
26% of the frames of a solo violin with its double stops, of synthetic violins and of speech, and 81% of four
violins at once."""
MANY = 0.5
"""Share of such frames that gives a warning, between these."""
MOST_EXCERPTS = 60


def many_voices_share(sounds: list[Waveform], sample_rate: int) -> float | None:
    """Return the share of the loud frames whose partials do not fit one pitch, 0 to 1; None without any.

    Args:
        sounds: each (samples,) float.
        sample_rate: Hz.

    >>> time = np.arange(16000) / 16000
    >>> def note(hz): return sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 6))
    >>> many_voices_share([note(220)], 16000)
    0.0
    >>> many_voices_share([note(220) + note(277.2) + note(329.6) + note(415.3)], 16000) > 0.5
    True
    """
    length = round(FRAME_S * sample_rate)
    rows = [_frames(sound, length) for sound in sounds if len(sound) >= length]
    if not rows:
        return None
    frames = np.concatenate(rows)
    size = 2 << int(np.ceil(np.log2(length)))
    spectra = np.abs(np.fft.rfft(frames * np.hanning(length), size, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / sample_rate)
    shares = [_unexplained(power, frequencies, sample_rate / length) for power in spectra]
    known = [share for share in shares if share is not None]
    return float(np.mean([share > UNEXPLAINED for share in known])) if known else None


def _frames(sound: Waveform, length: int) -> NDArray[np.floating]:
    """Return the loud frames of a sound, side by side."""
    frames = sound[: len(sound) // length * length].reshape(-1, length)
    levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-10)
    loud: NDArray[np.floating] = frames[levels > max(-50.0, float(levels.max()) - LOUD_DB)]
    return loud


def _unexplained(
    power: NDArray[np.floating], frequencies: NDArray[np.floating], resolution: float
) -> float | None:
    """Return the share of the partials' amplitude that the best pitch leaves, or None without partials."""
    inside = (frequencies > LOWEST_HZ) & (frequencies < HIGHEST_HZ)
    top = (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:]) & inside[1:-1]
    peaks = np.flatnonzero(top & (power[1:-1] > power[inside].max() * 10 ** (-PEAK_DB / 10))) + 1
    around = [np.median(power[max(0, peak - AROUND) : peak + AROUND + 1]) for peak in peaks]
    peaks = peaks[power[peaks] > 10 ** (ABOVE_DB / 10) * np.array(around)] if len(peaks) else peaks
    if not len(peaks):
        return None
    partials, amplitude = frequencies[peaks], np.sqrt(power[peaks])
    pitches = 440 * 2 ** ((SEMITONE_TENTHS - 69) / 12)
    number = np.round(partials / pitches[:, None])
    away = np.abs(partials - number * pitches[:, None])
    fits = (away < np.maximum(0.6 * resolution, 0.012 * partials)) & (number >= 1) & (number <= HARMONICS)
    expected = np.clip(
        partials.max() / pitches, 1, HARMONICS
    )  # a low pitch fits all, but lacks most harmonics
    complete = np.minimum(1.0, 2.0 * fits.sum(axis=1) / expected)
    return float(1 - (complete * (fits * amplitude).sum(axis=1)).max() / amplitude.sum())


def check_polyphony(sound: CorpusSound) -> list[Finding]:
    """Find out whether most of the sound has several voices.

    Args:
        sound: excerpts of the corpus.
    """
    step = max(1, len(sound.excerpts) // MOST_EXCERPTS)
    seconds = round(4.0 * sound.sample_rate)
    share = many_voices_share([one.waveform[:seconds] for one in sound.excerpts[::step]], sound.sample_rate)
    if share is None or share < MANY:
        return []
    return [
        Finding(
            code="polyphony",
            severity="warning",
            says=(
                f"in {share:.0%} of the sound several voices sound at once, but the features that a model"
                " follows have one pitch; a solo violin with double stops has 17%"
            ),
            remedy=(
                "use recordings of one voice or instrument at a time, or train without features, `partita"
                " train CORPUS --condition none --out RUN`, which needs many times the updates"
            ),
            evidence={"many_voices_share": round(share, 3)},
        )
    ]
