"""A changed segment has the samples of a recording that is played faster, softer or with the other sign."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitched_corpora import PitchedCorpus, noises, pitched_corpus, sine

from partita.data.frames import Change, ChangedSegment


@pytest.fixture(scope="module")
def pitched(tmp_path_factory: pytest.TempPathFactory) -> PitchedCorpus:
    """A corpus with a segment of noise."""
    return pitched_corpus(tmp_path_factory.mktemp("pitched") / "corpus", noises(3000, 5000))


def test_an_unchanged_segment_has_the_stored_samples(pitched: PitchedCorpus) -> None:
    segment = pitched.segments("train")[1]
    sound = ChangedSegment(pitched, segment)
    assert sound.length == 5000
    assert np.array_equal(sound.samples(17, 5000), pitched.samples[3017:8000])


@pytest.mark.parametrize("gain", [-1.0, 0.5, -0.25])
def test_gain_scales_every_sample(pitched: PitchedCorpus, gain: float) -> None:
    sound = ChangedSegment(pitched, pitched.segments("train")[1], Change(gain=gain))
    expected = np.rint(pitched.samples[3100:3300] * gain)
    assert sound.samples(100, 300).dtype == np.int16
    assert np.array_equal(sound.samples(100, 300), expected)


@settings(max_examples=60)
@given(
    semitones=st.floats(-12, 12).filter(lambda s: abs(s) > 1e-3),
    start=st.floats(0, 1),
    length=st.integers(1, 900),
)
def test_any_stretch_has_its_length_and_is_quiet_only_where_the_recording_is(
    pitched: PitchedCorpus, semitones: float, start: float, length: int
) -> None:
    sound = ChangedSegment(pitched, pitched.segments("train")[1], Change(semitones=semitones))
    first = int(start * (sound.length - 1))
    stop = min(first + length, sound.length)
    samples = sound.samples(first, stop)
    assert samples.shape == (stop - first,) and samples.dtype == np.int16
    if len(samples) > 50:
        assert samples.std() > 100, "the end of the stretch is missing"


@pytest.mark.parametrize("semitones", [-7.3, -2.0, 0.3, 1.9, 12.0])
def test_a_sine_is_played_at_another_frequency_without_noise(tmp_path: Path, semitones: float) -> None:
    corpus = pitched_corpus(tmp_path / "corpus", [sine(300.0, 16000)])
    sound = ChangedSegment(corpus, corpus.segments("train")[0], Change(semitones=semitones))
    samples = sound.samples(1000, 4000) / 32767
    time = 2 * np.pi * 300 * sound.change.ratio * np.arange(3000) / 8000
    waves = np.stack([np.sin(time), np.cos(time)], 1)
    fit, *_ = np.linalg.lstsq(waves, samples, rcond=None)
    assert abs(np.hypot(*fit) - 0.5) < 0.002
    assert np.abs(samples - waves @ fit).max() < 2e-4
    phase = np.arctan2(fit[1], fit[0]) - 2 * np.pi * 300 * 1000 * sound.change.ratio / 8000
    off = abs((phase + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi * 300 / 8000)
    assert off <= 0.51, "more than half a sample of the recording from its place"


def test_what_would_alias_is_left_out(tmp_path: Path) -> None:
    corpus = pitched_corpus(tmp_path / "corpus", [sine(3000.0, 8000)])
    sound = ChangedSegment(corpus, corpus.segments("train")[0], Change(semitones=12.0))
    assert np.abs(sound.samples(500, 3000)).max() < 30
