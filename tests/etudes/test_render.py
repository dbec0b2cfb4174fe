"""Synthetic etudes are in tune, in Helmholtz motion and playable, and depend on the seed alone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.errors import PartitaError
from partita.etudes.acoustics import body, room
from partita.etudes.bowed_string import INTERNAL_RATE, Controls, simulate
from partita.etudes.figuration import OPEN
from partita.etudes.harmony import (
    CADENCES,
    CHORDS,
    FOLLOWERS,
    HIGHEST,
    LOWEST,
    choose_voicing,
    draw_progression,
)
from partita.etudes.performance import (
    ATTACK,
    ATTACK_SECONDS,
    bow_distance,
    bow_force,
    bow_speed,
    choose_strings,
    hertz,
    play,
)
from partita.etudes.phrasing import compose
from partita.etudes.render import PEAK, render, write_etudes

RATE = 16_000


def bowed(pitch: int, loudness: float, *, seconds: float = 1.0) -> np.ndarray:
    """One long stroke on the string that a player would take, without vibrato: the force on the bridge."""
    frames = round(1000 * seconds) + 1
    (string,) = choose_strings((pitch,), 0)
    t = np.arange(frames) / 1000
    frequency = np.tile(hertz(np.array(OPEN, float)), (frames, 1))
    shortened = float(hertz(pitch)) / frequency[0, string]
    frequency[:, string] = hertz(pitch)
    position = np.full((frames, 4), min(0.22, bow_distance(loudness) * shortened**0.6))
    velocity, force = np.zeros((frames, 4)), np.zeros((frames, 4))
    velocity[:, string] = bow_speed(loudness) * np.clip(t / 0.03, 0, 1)
    weight = bow_speed(loudness) * (1 + ATTACK * np.exp(-t / ATTACK_SECONDS))
    force[:, string] = bow_force(weight, position[:, string])
    decay = np.full((frames, 4), 0.6)
    noise = 0.07 * np.random.default_rng(pitch).standard_normal((frames - 1) * 48).astype(np.float32)
    hands = Controls(frequency=frequency, velocity=velocity, force=force, position=position, decay=decay)
    return simulate(hands, noise).astype(float)


def sounding(sound: np.ndarray, near: float, rate: int) -> float:
    """The fundamental's frequency, by the phase it gains over ever longer lags."""
    width = round(0.2 * rate)
    t = np.arange(width) / rate
    found = near
    for lag in (round(rate * seconds) for seconds in (0.003, 0.02, 0.1, 0.35)):
        carrier = np.hanning(width) * np.exp(-2j * np.pi * found * t)
        a, b = carrier @ sound[:width], carrier @ sound[lag : lag + width]
        turn = np.angle(b / a * np.exp(-2j * np.pi * found * lag / rate))
        found += turn * rate / (2 * np.pi * lag)
    return found


def harmonics(sound: np.ndarray, frequency: float, count: int) -> np.ndarray:
    t = np.arange(len(sound)) / INTERNAL_RATE
    orders = np.arange(1, count + 1)[:, None]
    return np.abs(np.exp(-2j * np.pi * frequency * orders * t) @ (np.hanning(len(sound)) * sound))


@pytest.mark.parametrize("loudness", [0.1, 0.5, 0.95])
def test_every_pitch_is_in_tune(loudness: float) -> None:
    cents = []
    for pitch in range(LOWEST, HIGHEST + 1, 3):
        steady = bowed(pitch, loudness)[-round(0.6 * INTERNAL_RATE) :]
        target = float(hertz(pitch))
        cents.append(1200 * np.log2(sounding(steady, target, INTERNAL_RATE) / target))
    assert np.abs(cents).max() < 5.0
    assert np.abs(np.mean(cents)) < 1.5


@pytest.mark.parametrize("pitch", [55, 64, 69, 79, 88])
def test_the_bowed_string_is_in_helmholtz_motion(pitch: int) -> None:
    steady = bowed(pitch, 0.5)[-INTERNAL_RATE // 2 :]
    strength = harmonics(steady, float(hertz(pitch)), 5)
    fall = 20 * np.log10(strength / strength[0])
    saw = -20 * np.log10(np.arange(1, 6))
    assert np.abs(fall - saw).max() < 5.0, (
        "a sawtooth's harmonics fall as 1/n; double slip would lift the even ones"
    )
    period = INTERNAL_RATE / float(hertz(pitch))
    centred = steady - steady.mean()
    later = np.interp(np.arange(len(centred) - round(period) - 1) + period, np.arange(len(centred)), centred)
    assert np.corrcoef(centred[: len(later)], later)[0, 1] > 0.93, "one period is like the next"


def stroke(pitch: int, *, string: int, decay: float) -> np.ndarray:
    """0.3 s of bowing, then 0.7 s without; the other strings are open and would ring for 3 s."""
    shape = (1001, 4)
    frequency = np.tile(hertz(np.array(OPEN, float)), (1001, 1))
    frequency[:, string] = hertz(pitch)
    force, rings = np.zeros(shape), np.full(shape, 3.0)
    force[:300, string], rings[:, string] = 1.2, decay
    speed, position = np.full(shape, 0.2), np.full(shape, 0.1)
    hands = Controls(frequency=frequency, velocity=speed, force=force, position=position, decay=rings)
    return simulate(hands, np.zeros(48_000, np.float32)).astype(float)


def test_strings_are_silent_without_a_bow_and_decay_after_it() -> None:
    speed, hz = np.full((101, 4), 0.2), np.tile(hertz(np.array(OPEN, float)), (101, 1))
    still = Controls(frequency=hz, velocity=speed, force=0 * speed, position=speed, decay=speed)
    assert not simulate(still, np.zeros(4_800, np.float32)).any()
    sound = stroke(70, string=2, decay=0.5)
    early, late = (harmonics(sound[at : at + 4_800], float(hertz(70)), 1)[0] for at in (16_000, 32_000))
    fall = 20 * np.log10(early / late)
    assert 40 < fall < 48, "a third of a second of 0.5 s for 60 dB, and a little that the bridge takes"


def test_open_strings_vibrate_in_sympathy() -> None:
    octave, foreign = (stroke(pitch, string=1, decay=0.05)[-14_400:] for pitch in (64, 63))
    open_e = float(hertz(76))
    rung, unmoved = harmonics(octave, open_e, 1)[0], harmonics(foreign, open_e, 1)[0]
    assert rung > 5 * unmoved > 0


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("cadence", ["full", "half", "deceptive"])
def test_progressions_end_in_their_cadence_and_voicings_stay_close(mode: str, cadence: str) -> None:
    rng = np.random.default_rng(5)
    for length in (1, 2, 3, 4, 8, 15):
        names = draw_progression(rng, mode=mode, length=length, cadence=cadence)
        assert len(names) == length
        assert any(tuple(names[-len(end) :]) == end[-length:] for end in CADENCES[mode][cadence])
        before = None
        for name in names:
            voicing = choose_voicing(rng, CHORDS[mode][name], 2, centre=70.0, previous=before)
            assert {(pitch - 2) % 12 for pitch in voicing} <= set(CHORDS[mode][name])
            assert set(voicing) <= set(range(LOWEST, HIGHEST + 1))
            if before is not None:
                assert abs(np.mean(voicing) - np.mean(before)) < 6
            before = voicing


def test_every_chord_in_the_tables_is_defined() -> None:
    for mode, table in FOLLOWERS.items():
        named = set(table) | {name for followers in table.values() for name in followers}
        named |= {name for ends in CADENCES[mode].values() for end in ends for name in end}
        assert named <= set(CHORDS[mode])
        assert set(table) == set(CHORDS[mode])


def test_a_movement_fills_its_time_and_is_playable() -> None:
    for seed in range(12):
        notes = compose(30.0, rng=np.random.default_rng(seed))
        starts = np.array([note.start for note in notes])
        ends = starts + [note.duration for note in notes]
        assert starts[0] == 0.0
        assert ends[-1] == pytest.approx(30.0)
        assert (np.diff(starts) > 0.02).all()
        assert (ends[:-1] <= starts[1:] + 1e-9).all()
        assert min(ends - starts) > 0.03
        string = 1
        for note in notes:
            strings = choose_strings(note.pitches, string)
            string = strings[-1]
            for s, pitch in zip(strings, note.pitches, strict=True):
                assert OPEN[s] <= pitch <= (OPEN[s] + 12 if s == 3 else OPEN[s] + 9)


def test_movements_differ_in_key_bowing_texture_and_have_double_stops() -> None:
    movements = [compose(40.0, rng=np.random.default_rng(seed)) for seed in range(30)]
    assert len({tuple(note.pitches for note in notes[:8]) for notes in movements}) >= 28
    assert any(note.slurred for notes in movements for note in notes[:8])
    assert any(note.gap > 0 for notes in movements for note in notes)
    assert any(len(note.pitches) == 2 for notes in movements for note in notes)
    rate = sum(map(len, movements)) / (40.0 * 30)
    assert 2.0 < rate < 8.0, "notes a second"


def test_body_and_room_decay_and_remove_the_offset() -> None:
    impulse = np.zeros(2 * INTERNAL_RATE)
    impulse[0] = 1.0
    answer = room(body(impulse, INTERNAL_RATE), INTERNAL_RATE)
    assert np.abs(np.fft.rfft(answer)[0]) < 1e-3 * np.abs(np.fft.rfft(answer)).max()
    levels = [20 * np.log10(answer[round(at * INTERNAL_RATE) :][:4800].std()) for at in (0.1, 0.4, 0.7)]
    assert 8 < levels[0] - levels[1] < 40
    assert 8 < levels[1] - levels[2] < 40
    spectrum = np.abs(np.fft.rfft(body(impulse, INTERNAL_RATE)))
    at = {hz: spectrum[2 * hz] for hz in (150, 275, 455, 545, 2300, 15_000)}
    assert min(at[275], at[455], at[545], at[2300]) > 5 * max(at[150], at[15_000])


@pytest.fixture(scope="module")
def etude() -> np.ndarray:
    return render(30.0, sample_rate=RATE, seed=2)


def test_the_music_depends_on_the_seed_alone(etude: np.ndarray) -> None:
    assert np.array_equal(etude, render(30.0, sample_rate=RATE, seed=2))
    other = render(30.0, sample_rate=RATE, seed=3)
    assert abs(np.corrcoef(etude, other)[0, 1]) < 0.2


def test_level_silence_and_spectrum_of_an_etude(etude: np.ndarray) -> None:
    assert etude.dtype == np.float32
    assert np.isfinite(etude).all()
    assert np.abs(etude).max() == pytest.approx(PEAK, abs=1e-6)
    assert abs(etude.mean()) < 1e-4
    crest = 20 * np.log10(np.abs(etude).max() / etude.std())
    assert 9 < crest < 24
    frames = etude[: len(etude) // 320 * 320].reshape(-1, 320)
    level = 20 * np.log10(np.sqrt((frames**2).mean(1)) + 1e-9)
    silent = (level < -55).mean()
    assert 0.002 < silent < 0.15
    power = np.abs(np.fft.rfft(etude)) ** 2
    hz = np.fft.rfftfreq(len(etude), 1 / RATE)
    assert power[hz < 150].sum() < 1e-3 * power.sum(), "nothing sounds below the G string"
    assert power[hz > 3000].sum() > 1e-4 * power.sum(), "a violin has overtones"


def test_most_notes_have_their_pitch() -> None:
    notes = compose(20.0, rng=np.random.default_rng(4))
    controls = play(notes, seconds=20.0, rng=np.random.default_rng(0))
    sound = simulate(controls, np.zeros(20 * INTERNAL_RATE, np.float32)).astype(float)
    good = []
    for note in notes:
        if len(note.pitches) == 1:
            first = round((note.start + min(0.045, 0.4 * note.duration)) * INTERNAL_RATE)
            last = round((note.start + note.duration * (1 - note.gap) - 0.01) * INTERNAL_RATE)
            strength = harmonics(sound[first:last], float(hertz(note.pitches[0])), 4)
            between = harmonics(sound[first:last], 1.5 * float(hertz(note.pitches[0])), 1)[0]
            good.append(strength[0] > 0.8 * strength[1:].max() and strength[0] > 2 * between)
    assert np.mean(good) > 0.9


@pytest.mark.parametrize(("seconds", "rate"), [(0.05, 16_000), (1.0, 8_000), (2.5, 22_050), (4.0, 44_100)])
def test_the_result_has_exactly_the_requested_length(seconds: float, rate: int) -> None:
    sound = render(seconds, sample_rate=rate, seed=0)
    assert sound.shape == (round(seconds * rate),)
    assert np.abs(sound).max() == pytest.approx(PEAK, abs=1e-6)


def test_written_files_hold_the_rendered_etudes(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "etudes"
    paths = write_etudes(folder, count=2, seconds=3.0, sample_rate=RATE, seed=1)
    assert [path.name for path in paths] == ["etude-01.wav", "etude-02.wav"]
    assert sorted(folder.glob("*.wav")) == paths
    first, rate = soundfile.read(paths[0])
    assert rate == RATE
    assert soundfile.info(paths[0]).subtype == "PCM_16"
    assert first == pytest.approx(render(3.0, sample_rate=RATE, seed=1001), abs=2 / 32768)
    before = [path.read_bytes() for path in paths]
    again = write_etudes(folder, count=2, seconds=3.0, sample_rate=RATE, seed=1)
    assert [path.read_bytes() for path in again] == before
    assert before[0] != before[1]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_must_be_positive(seconds: float) -> None:
    with pytest.raises(PartitaError, match="`seconds`"):
        render(seconds, sample_rate=RATE, seed=0)


def test_other_arguments_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="`sample_rate` is 0"):
        render(1.0, sample_rate=0, seed=0)
    with pytest.raises(PartitaError, match="`count` is 0"):
        write_etudes(tmp_path / "a", count=0, seconds=1.0, sample_rate=RATE, seed=0)
    with pytest.raises(PartitaError, match="`sample_rate` is 1"):
        write_etudes(tmp_path / "a", count=1, seconds=1.0, sample_rate=1, seed=0)
    assert not (tmp_path / "a").exists()
