"""Frames of a stretch are those of the whole segment; each column is what its source says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitched_corpora import PitchedCorpus, noises, pitched_corpus, sine

from partita.audio.features.layout import FrameLayout
from partita.audio.features.mel import log_mel
from partita.audio.features.rounding import feature_steps, round_features
from partita.data.corpus import Corpus
from partita.data.frames import Change, ChangedSegment, FrameReader, segment_frames
from partita.data.notes import Note, note_columns
from partita.errors import PartitaError

LAYOUT = FrameLayout(hop_length=80, bands=12)


@pytest.fixture(scope="module")
def pitched(tmp_path_factory: pytest.TempPathFactory) -> PitchedCorpus:
    """A corpus of two segments of noise."""
    return pitched_corpus(tmp_path_factory.mktemp("pitched") / "corpus", noises(4000, 2477))


def test_the_frames_of_a_segment_are_rounded_bands_and_the_pitch_at_their_centres(
    pitched: PitchedCorpus,
) -> None:
    segment = pitched.segments("train")[1]
    frames = segment_frames(pitched, segment, LAYOUT)
    assert frames.shape == (2477 // 80 + 1, 14) and frames.dtype == np.float32
    sound = pitched.samples[segment.offset : segment.offset + segment.length] / 32767
    bands = log_mel(sound, sample_rate=8000, hop_length=80, bands=12)
    assert np.array_equal(frames[:, :12], round_features(np.pad(bands, ((0, 0), (0, 2))), LAYOUT)[:, :12])
    assert np.abs(frames[:, 12] - (40 + np.arange(31) * 80 / 1000)).max() <= 1 / 32 + 1e-6
    assert np.array_equal(frames, round_features(frames, LAYOUT))


@settings(max_examples=60)
@given(number=st.integers(0, 1), first=st.integers(-20, 60), count=st.integers(1, 30))
def test_a_stretch_has_the_frames_of_the_whole_and_repeats_the_nearest_outside(
    pitched: PitchedCorpus, number: int, first: int, count: int
) -> None:
    segment = pitched.segments("train")[number]
    whole = segment_frames(pitched, segment, LAYOUT)
    excerpt = FrameReader(pitched, LAYOUT).excerpt(ChangedSegment(pitched, segment), first, count)
    expected = whole[np.clip(np.arange(first, first + count), 0, len(whole) - 1)]
    differences = np.abs(excerpt.frames - expected) / feature_steps(LAYOUT)
    assert differences.max() <= 1 and differences.mean() < 0.01, "only rounding may differ"
    stored = pitched.samples[segment.offset + excerpt.offset :][: len(excerpt.samples)]
    assert np.array_equal(excerpt.samples, stored)


def test_a_corpus_without_pitch_has_no_bands(tmp_path: Path) -> None:
    pitched = pitched_corpus(tmp_path / "corpus", noises(1000))
    plain = Corpus(pitched.path, pitched.index)
    with pytest.raises(PartitaError, match="has no pitch, which frames with bands need: prepare it again"):
        segment_frames(plain, plain.segments("train")[0], LAYOUT)


def labelled(corpus: PitchedCorpus) -> PitchedCorpus:
    """Return the corpus with a label on its first recording."""
    first, *others = corpus.index["recordings"]
    labels = {"digit": "3", "speaker": "ann"}
    return PitchedCorpus(corpus.path, {**corpus.index, "recordings": [{**first, "label": labels}, *others]})


def test_labels_are_one_hot_in_the_order_of_the_layout(pitched: PitchedCorpus) -> None:
    corpus = labelled(pitched)
    layout = FrameLayout(hop_length=80, labels=("digit=1", "speaker=ann", "digit=3"))
    first, second = (segment_frames(corpus, segment, layout) for segment in corpus.segments("train"))
    assert np.array_equal(first, np.tile([0, 1, 1], (51, 1)))
    assert not second.any()


class ScoredCorpus(PitchedCorpus):
    """A corpus with two notes in each segment."""

    NOTES = (Note(-0.05, 0.1, 60), Note(0.1, 0.24, 64))

    @property
    def has_notes(self) -> bool:
        return True

    def notes(self, segment: object) -> list[Note]:
        return list(self.NOTES)


def test_notes_follow_the_features_and_go_with_the_speed(pitched: PitchedCorpus) -> None:
    corpus = ScoredCorpus(pitched.path, pitched.index)
    layout = replace(LAYOUT, notes=True)
    segment = corpus.segments("train")[0]
    frames = segment_frames(corpus, segment, layout)
    times = np.arange(51, dtype=np.float64) / 100
    assert np.array_equal(frames[:, 14:], note_columns(corpus.NOTES, times))
    fast = ChangedSegment(corpus, segment, Change(semitones=12.0))
    faster = FrameReader(corpus, layout).excerpt(fast, 0, 26).frames
    shifted = [Note(note.start_s / 2, note.end_s / 2, note.midi_pitch + 12) for note in corpus.NOTES]
    assert np.array_equal(faster[:, 14:], note_columns(shifted, times[:26]))


def test_no_note_sounds_in_a_corpus_without_notes(pitched: PitchedCorpus) -> None:
    segment = pitched.segments("train")[0]
    plain, noted = (segment_frames(pitched, segment, replace(LAYOUT, notes=notes)) for notes in (False, True))
    assert np.array_equal(noted[:, : plain.shape[1]], plain) and (noted[:, plain.shape[1] :] == 0).all()


def test_an_octave_up_doubles_the_pitch_of_a_sine_in_bands_and_pitch(tmp_path: Path) -> None:
    low, high = (
        pitched_corpus(tmp_path / name, [sine(frequency, length)])
        for name, frequency, length in (("low", 400.0, 8000), ("high", 800.0, 4000))
    )
    layout = FrameLayout(hop_length=80, bands=40)
    segment = low.segments("train")[0]
    up = ChangedSegment(low, segment, Change(semitones=12.0))
    assert up.length == 4000
    raised = FrameReader(low, layout).excerpt(up, 5, 40).frames
    real = segment_frames(high, high.segments("train")[0], layout)[5:45]
    assert np.abs(raised[:, :40] - real[:, :40]).max() < 0.1
    places = np.arange(5, 45) * 80 * 2
    assert np.abs(raised[:, 40] - (40 + places / 1000 + 12)).max() <= 1 / 32 + 1e-6


@pytest.mark.parametrize("semitones", [-12.0, -1.7, 0.0, 0.4, 2.0, 12.0])
@pytest.mark.parametrize("frame", [7, 20, 33])
def test_an_impulse_is_in_the_middle_of_the_frame_that_its_time_says(
    tmp_path: Path, semitones: float, frame: int
) -> None:
    change = Change(semitones=semitones)
    place = round(frame * 80 * change.ratio)
    corpus = pitched_corpus(tmp_path / "corpus", [np.eye(1, 8000, place)[0]])
    sound = ChangedSegment(corpus, corpus.segments("train")[0], change)
    excerpt = FrameReader(corpus, LAYOUT).excerpt(sound, frame - 4, 9)
    level = excerpt.frames[:, 2:8].mean(1)  # below half of the lowest sample rate
    assert level.argmax() == 4
    assert np.abs(level - level[::-1]).max() < 0.12, "the frames before and after are not alike"
    assert abs(np.abs(excerpt.samples).argmax() + excerpt.offset - frame * 80) <= 1
