"""The line of a sound: its pitch up to octaves, its loudness in the range of a model."""

import numpy as np
import pytest

from partita.audio.features.extraction import features_of
from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.sampling.frames.loudness import at_loudness, loudness_of
from partita.sampling.given.line import Line, line_of, notes_of

RATE = 8000
LAYOUT = FrameLayout(hop_length=80, bands=12)


def melody(*notes: float, seconds: float = 0.5, swell: bool = True) -> np.ndarray:
    """Return notes one after the other; each begins loud and ends soft."""
    time = np.arange(round(seconds * RATE)) / RATE
    level = 0.5 * np.exp(-4 * time) if swell else 0.4
    phases = [2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time for note in notes]
    return np.concatenate([level * sum(np.sin(k * phase) / k for k in range(1, 6)) for phase in phases])


@pytest.fixture(scope="module")
def typical() -> np.ndarray:
    """Frames of a model that plays from 76 to 81, softly: the louder half, as models keep them."""
    frames = features_of(0.1 * melody(76, 79, 81), sample_rate=RATE, layout=LAYOUT)
    voiced = frames[frames[:, 13] >= 0.5]
    loudness = loudness_of(voiced[:, :12])
    return voiced[loudness >= np.median(loudness)]


def line(sound: np.ndarray, typical: np.ndarray, transpose: float | None = None) -> Line:
    return line_of(sound, sample_rate=RATE, layout=LAYOUT, typical=typical, transpose=transpose)


def test_the_pitch_is_moved_by_octaves_into_the_range(typical: np.ndarray) -> None:
    found = line(melody(52, 55), typical)
    assert np.abs(found.pitch[5:25] - 76).max() < 0.5
    assert np.abs(found.pitch[55:75] - 79).max() < 0.5


def test_a_transposition_takes_the_place_of_octaves(typical: np.ndarray) -> None:
    assert np.abs(line(melody(57), typical, 3.0).pitch[5:25] - 60).max() < 0.5


def test_the_loudness_has_the_mean_of_the_models_and_the_shape_of_the_lines(typical: np.ndarray) -> None:
    found = line(melody(64, 64), typical)
    voiced = found.loudness[found.periodicity >= 0.5]
    louder = voiced[voiced >= np.median(voiced)]
    own = loudness_of(typical[:, :12])
    assert abs(louder.mean() - own.mean()) < 0.01
    assert abs(louder.std() - own.std()) < 0.01
    assert found.loudness[5] > found.loudness[45] + 0.5


def test_bands_at_a_loudness_keep_their_shape() -> None:
    rng = np.random.default_rng(0)
    bands = rng.uniform(-1.0, 2.0, (50, 8))
    wanted = rng.uniform(-4.0, 2.0, 50).astype(np.float32)
    moved = at_loudness(bands, wanted)
    assert np.abs(loudness_of(moved) - wanted).max() < 0.05
    difference = moved[:, :4] - bands[:, :4]
    loud = (moved[:, :4] > -1).all(1)
    assert loud.sum() > 10
    assert np.ptp(difference[loud], axis=1).max() < 0.1
    assert np.array_equal(moved * 32, np.rint(moved * 32))


def test_silence_stays_silent_and_is_not_raised_without_limit() -> None:
    silence = np.full((1, 4), (np.log(1e-5) + 4) / 3)
    assert np.abs(at_loudness(silence, np.array([0.0])) - silence).max() < 0.02
    assert np.abs(at_loudness(np.ones((1, 4)), np.array([-30.0])) - silence).max() < 0.02


def test_notes_are_the_stretches_of_one_semitone(typical: np.ndarray) -> None:
    notes = notes_of(line(melody(76, 79, swell=False), typical), hop_s=0.01)
    assert [note.midi_pitch for note in notes] == [76, 79]
    assert notes[1].start_s == pytest.approx(0.5, abs=0.05)
    unvoiced = np.zeros(9, np.float32)
    assert notes_of(Line(unvoiced + 60, unvoiced, unvoiced), hop_s=0.01) == []


@pytest.mark.parametrize("sound", [np.zeros(8000), melody(69, seconds=0.05)])
def test_a_sound_without_a_pitch_or_too_short_is_refused(sound: np.ndarray, typical: np.ndarray) -> None:
    with pytest.raises(PartitaError, match="one voice"):
        line(sound, typical)


def test_a_quiet_line_is_the_line_of_the_same_sound_at_full_level(typical: np.ndarray) -> None:
    loud, quiet = line(melody(64, 67), typical), line(0.003 * melody(64, 67), typical)
    assert np.abs(quiet.pitch - loud.pitch)[loud.periodicity >= 0.5].max() < 0.1
    np.testing.assert_allclose(quiet.loudness, loud.loudness, atol=0.05)


def test_a_click_does_not_hide_a_quiet_line(typical: np.ndarray) -> None:
    quiet = 0.003 * melody(64, 67)
    clicked = quiet.copy()
    clicked[[500, 6000]] = 0.9
    found, clean = line(clicked, typical), line(quiet, typical)
    assert (found.periodicity >= 0.5).mean() > 0.9 * (clean.periodicity >= 0.5).mean()
