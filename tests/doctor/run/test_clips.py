"""Broken clips are recognised, each by its cause, and sound ones are not."""

import dataclasses

import numpy as np
import pytest

from partita.doctor.run.clips import by_second, check_clips
from partita.doctor.run.drawn import Clips, DrawnClips

RATE, SECONDS = 8000, 4
RNG = np.random.default_rng(0)


def melody(seed: int, noise: float = 0.003) -> Clips:
    """Notes of a quarter of a second with five harmonics."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 4) / RATE
    notes = []
    for _ in range(4 * SECONDS):
        hertz = 440 * 2 ** (rng.integers(-12, 12) / 12)
        notes.append(
            sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 6)) * rng.uniform(0.05, 0.1)
        )
    sound = np.concatenate(notes)
    return np.asarray(sound + rng.normal(0, noise, len(sound)), np.float32)


REAL = np.stack([melody(seed) for seed in range(6)])


def drawn(clips: Clips, **changes: float) -> DrawnClips:
    made = DrawnClips(
        model="run", clips=clips, real=REAL, sample_rate=RATE, temperature=1.0, frame_temperature=0.9
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def first_code(clips: DrawnClips, cooler: Clips | None = None) -> str | None:
    again = clips if cooler is None else dataclasses.replace(clips, clips=cooler)
    found = check_clips(clips, lambda factor, frames: again)
    return found[0].code if found else None


GOOD = np.stack([melody(seed) for seed in range(20, 24)])
SWELLS = np.repeat(RNG.uniform(0.2, 1.0, 4 * SECONDS), RATE // 4)
HISS = np.asarray(RNG.normal(0, 0.15, GOOD.shape) * SWELLS, np.float32)
TONE = np.tile(0.2 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * RATE) / RATE), (4, 1)).astype(np.float32)
FADING = GOOD * np.repeat([1.0, 1.0, 0.1, 0.1], RATE).astype(np.float32)


def test_good_clips_have_no_finding() -> None:
    assert first_code(drawn(GOOD)) is None


@pytest.mark.parametrize(
    ("clips", "code"),
    [
        (np.clip(50 * GOOD, -1, 1), "runaway"),
        (4 * GOOD, "runaway"),
        (TONE, "stuck-tone"),
        (0.001 * GOOD, "silent-clips"),
        (HISS, "haze"),
        (FADING, "departs-from-real"),
    ],
)
def test_each_fault_has_its_code(clips: Clips, code: str) -> None:
    assert first_code(drawn(clips)) == code


def test_a_temperature_is_blamed_if_a_lower_one_is_better() -> None:
    assert first_code(drawn(HISS, temperature=1.6), GOOD) == "temperature-high"
    assert first_code(drawn(HISS, temperature=1.6), HISS) == "haze"


def test_a_low_temperature_of_the_frames_is_the_remedy_of_a_stuck_tone() -> None:
    (finding,) = check_clips(drawn(TONE, frame_temperature=0.2), lambda factor, frames: drawn(TONE))
    assert "--frame-temperature 0.85" in finding.remedy


def test_without_real_sound_only_broken_clips_are_found() -> None:
    nothing = np.empty((0, 0), np.float32)
    for clips, code in ((HISS, None), (TONE, "stuck-tone")):
        assert first_code(dataclasses.replace(drawn(clips), real=nothing)) == code


def test_by_second_says_where_clips_fade() -> None:
    level, spectrum = by_second(drawn(FADING))
    assert level[1] - level[2] == pytest.approx(20, abs=3)
    assert spectrum[3] > spectrum[0]
