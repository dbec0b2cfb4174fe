"""Compare drawn clips with real sound: broken clips, haze, level and spectrum by second, the temperature."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.doctor.diagnosis import Fact
from partita.doctor.finding import Finding
from partita.doctor.run.drawn import Clips, DrawnClips
from partita.evaluation.metrics.drift import blocks_of, clip_flags, level_by_second
from partita.evaluation.metrics.drift_from_real import LEAST_DBFS
from partita.evaluation.metrics.harmonicity import harmonicity
from partita.sampling.config import FRAME_TEMPERATURE

BROKEN = 0.25
"""Share of broken clips that counts: of real ones and of those of the shipped model none is, in 8 of 5 s."""
LOUD_DB = 8.0
"""Level above the mean of real sound that counts as running away. Real clips of 5 s are within 6 dB of it."""
HAZE = 0.5
"""Voiced share relative to real sound, below which clips are haze: after 1,500 updates 0.2, after 2,400 0.6,
the shipped model has 1.0, and 0.7 at a temperature of 1.6."""
HOTTEST = 1.15  # the highest temperature that training chooses
COOLER = 0.7  # factor of a higher temperature, at which it is tried again
GAIN = 0.1
"""Voiced share that a lower temperature must add: the shipped model has 0.81 at 1, 0.73 at 1.3 and 0.58 at
1.6."""
LEVEL_DB, SPECTRUM_DB = 10.0, 12.0
"""Distances of the mean of a second of clips from real sound that count. The clips of the shipped model are
up to 8 dB softer, and their spectrum differs by up to 9.2 dB; so do 99% of as few real clips by 3.6 and 4.9
dB."""


def voiced_share(clips: Clips, sample_rate: int) -> float:
    """Return the share of the frames that have a tone, 0 to 1.

    Args:
        clips: (clips, samples) float in [-1, 1].
        sample_rate: Hz.

    >>> voiced_share(np.sin(np.arange(16000, dtype=np.float32) * 0.3)[None], 8000)
    1.0
    """
    return harmonicity(list(clips), sample_rate)["voiced_share"].value


def check_clips(drawn: DrawnClips, redraw: Callable[[float, float], DrawnClips]) -> list[Finding]:
    """Find out what is wrong with clips, the worst first.

    Args:
        drawn: the clips.
        redraw: draws again with factors of the temperatures of the samples and of the frames.
    """
    return _hot(drawn, redraw) or _broken(drawn) or _loud(drawn) or _haze(drawn) or _departure(drawn)


def _hot(drawn: DrawnClips, redraw: Callable[[float, float], DrawnClips]) -> list[Finding]:
    """Find a temperature that is too high: a lower one gives more tones."""
    if drawn.temperature <= HOTTEST:
        return []
    voiced = voiced_share(drawn.clips, drawn.sample_rate)
    cooler = redraw(COOLER, 1.0)
    then = voiced_share(cooler.clips, drawn.sample_rate)
    if then - voiced < GAIN:
        return []
    return [
        Finding(
            code="temperature-high",
            severity="error",
            says=(
                f"at the temperature {drawn.temperature:g} only {voiced:.0%} of the frames have a tone, at"
                f" {cooler.temperature:.2g} {then:.0%}"
            ),
            remedy=(
                f"draw with a lower one, `partita generate {drawn.model} --temperature 0.85 --seconds 10"
                " --out clips`"
            ),
            evidence={"voiced_share": round(voiced, 3), "voiced_share_cooler": round(then, 3)}
            | _temperatures(drawn),
        )
    ]


def _broken(drawn: DrawnClips) -> list[Finding]:
    """Find saturated, stuck and silent clips."""
    flags = [clip_flags(clip, drawn.sample_rate).names for clip in drawn.clips]
    shares = {
        name: float(np.mean([name in one for one in flags])) for name in ("saturated", "stuck", "silent")
    }
    usual = {
        name: float(np.mean([name in clip_flags(clip, drawn.sample_rate).names for clip in drawn.real]))
        if len(drawn.real)
        else 0.0
        for name in shares
    }
    worst = max(shares, key=lambda name: shares[name] - usual[name])
    if shares[worst] - usual[worst] < BROKEN:
        return []
    code = {"saturated": "runaway", "stuck": "stuck-tone", "silent": "silent-clips"}[worst]
    what = {
        "saturated": "run away to full scale",
        "stuck": "stay on one sound for seconds",
        "silent": "fall silent",
    }[worst]
    says = f"{shares[worst]:.0%} of its clips {what}"
    evidence = {"share": shares[worst], "real_share": round(usual[worst], 3)} | _temperatures(drawn)
    return [
        Finding(
            code=code,
            severity="error",
            says=says + _at(drawn),
            remedy=_remedy(worst, drawn),
            evidence=evidence,
        )
    ]


def _remedy(worst: str, drawn: DrawnClips) -> str:
    """Return what to do about broken clips."""
    if worst == "saturated":
        if drawn.temperature > HOTTEST:
            return (
                f"draw at a lower temperature, `partita generate {drawn.model} --temperature 0.85 --seconds"
                " 10 --out clips`"
            )
        return "start again from a checkpoint before it, and train with a lower `--learning-rate`"
    if drawn.frame_temperature is not None and drawn.frame_temperature < 0.6:
        return (
            f"draw with a usual temperature of the frames, `partita generate {drawn.model}"
            f" --frame-temperature {FRAME_TEMPERATURE:g} --seconds 10 --out clips`"
        )
    return (
        f"draw at a usual temperature, `partita generate {drawn.model} --temperature 1 --seconds 10 --out"
        " clips`"
    )


def _temperatures(drawn: DrawnClips) -> dict[str, float]:
    found = {"temperature": drawn.temperature, "frame_temperature": drawn.frame_temperature}
    return {name: round(value, 3) for name, value in found.items() if value is not None}


def _at(drawn: DrawnClips) -> str:
    """Return the temperatures in words."""
    frames = "" if drawn.frame_temperature is None else f", frames at {drawn.frame_temperature:g}"
    return f" (temperature {drawn.temperature:g}{frames})"


def _loud(drawn: DrawnClips) -> list[Finding]:
    """Find clips that are much louder than real sound."""
    if not len(drawn.real):
        return []
    above = _level(drawn.clips, drawn.sample_rate).mean() - _level(drawn.real, drawn.sample_rate).mean()
    if above < LOUD_DB:
        return []
    return [
        Finding(
            code="runaway",
            severity="error",
            says=f"its clips are {above:.0f} dB louder than real sound{_at(drawn)}",
            remedy=_remedy("saturated", drawn),
            evidence={"above_real_db": round(float(above), 1)} | _temperatures(drawn),
        )
    ]


def _haze(drawn: DrawnClips) -> list[Finding]:
    """Find clips with far fewer tones than real sound."""
    if not len(drawn.real):
        return []
    voiced, usual = (voiced_share(clips, drawn.sample_rate) for clips in (drawn.clips, drawn.real))
    if voiced >= HAZE * usual:
        return []
    return [
        Finding(
            code="haze",
            severity="warning",
            says=(
                f"{voiced:.0%} of the frames of its clips have a tone, {usual:.0%} of those of real"
                f" sound{_at(drawn)}"
            ),
            remedy=f"train it longer, `partita train CORPUS --from {drawn.model} --out NEXT --minutes 30`",
            evidence={"voiced_share": round(voiced, 3), "real_voiced_share": round(usual, 3)}
            | _temperatures(drawn),
        )
    ]


def _departure(drawn: DrawnClips) -> list[Finding]:
    """Find the first second whose level or spectrum is far from that of real sound."""
    if not len(drawn.real):
        return []
    level, spectrum = by_second(drawn)
    far = np.flatnonzero((np.abs(level) > LEVEL_DB) | (spectrum > SPECTRUM_DB))
    if not len(far):
        return []
    second = int(far[0])
    return [
        Finding(
            code="departs-from-real",
            severity="warning",
            says=(
                f"in second {second + 1} its clips are {level[second]:+.0f} dB from the level of real"
                f" sound, and {spectrum[second]:.0f} dB from its spectrum{_at(drawn)}"
            ),
            remedy=(
                f"train it longer, `partita train CORPUS --from {drawn.model} --out NEXT --minutes 30`, or"
                " draw shorter clips"
            ),
            evidence={
                "second": second + 1,
                "level_db": [round(float(one), 1) for one in level],
                "spectrum_db": [round(float(one), 1) for one in spectrum],
            }
            | _temperatures(drawn),
        )
    ]


def by_second(drawn: DrawnClips) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each second of the clips is from real sound, in level and in spectrum, dB.

    Args:
        drawn: clips and real sound.
    """
    rate = drawn.sample_rate
    level = _level(drawn.clips, rate).mean(axis=0) - _level(drawn.real, rate).mean()
    real = _spectra(drawn.real, rate).mean(axis=(0, 1))
    spectrum = np.sqrt(((_spectra(drawn.clips, rate).mean(axis=0) - real) ** 2).mean(axis=1))
    return level, spectrum


def clip_facts(drawn: DrawnClips) -> list[Fact]:
    """Return what was measured of clips, and of real sound if there is any.

    Args:
        drawn: the clips.
    """
    rate, levels = drawn.sample_rate, _level(drawn.clips, drawn.sample_rate).mean(axis=0)
    voiced = f"{voiced_share(drawn.clips, rate):.0%} of their frames have a tone"
    text = f"{len(drawn.clips)} of {drawn.clips.shape[1] / rate:.0f} s{_at(drawn)}; {voiced}"
    if not len(drawn.real):
        return [Fact("clips", text), Fact("level", "by second", tuple(np.round(levels, 1).tolist()), "dBFS")]
    level, spectrum = by_second(drawn)
    return [
        Fact("clips", f"{text}, {voiced_share(drawn.real, rate):.0%} of those of real sound"),
        Fact("level", "from real sound, by second", tuple(np.round(level, 1).tolist()), "dB"),
        Fact("spectrum", "from real sound, by second", tuple(np.round(spectrum, 1).tolist()), "dB"),
    ]


def _level(clips: Clips, sample_rate: int) -> NDArray[np.float64]:
    """Return the level of each clip by second, dBFS."""
    return np.array([np.maximum(level_by_second(clip, sample_rate), LEAST_DBFS) for clip in clips])


def _spectra(clips: Clips, sample_rate: int) -> NDArray[np.float64]:
    """Return the mean log-mel spectrum of each second of each clip, dB, (clips, seconds, bands)."""
    decibels = 10 / np.log(10)
    seconds = [
        [log_mel(one, sample_rate).mean(axis=0) for one in blocks_of(clip, sample_rate)] for clip in clips
    ]
    return np.asarray(np.array(seconds) * decibels, np.float64)
