"""The frames of a window are those of its segment at the place that `start` says, changed or not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from corpus_files import IdentityQuantizer
from hypothesis import given, settings
from hypothesis import strategies as st
from pitched_corpora import LINEAR, PitchedCorpus, noises, pitched_corpus, sine

from partita.audio.features.layout import FrameLayout
from partita.audio.features.rounding import feature_steps
from partita.audio.quantizer import Quantizer
from partita.data.augmentation import Augmentation
from partita.data.frames import Change, ChangedSegment, FrameReader, segment_frames
from partita.data.windows import TrainingWindows, WindowBatch, every_window
from partita.data.windows.reader import FRAME_MARGIN, WindowReader, frames_per_window
from partita.models.conditioning.conditions import block_weights

LAYOUT = FrameLayout(hop_length=80, bands=12)
OFF = Augmentation(varispeed_semitones=0.0, gain_db=0.0, polarity=False)


@pytest.fixture(scope="module")
def pitched(tmp_path_factory: pytest.TempPathFactory) -> PitchedCorpus:
    """A corpus of three segments; the samples count up, so that a test can see where a window is."""
    corpus = pitched_corpus(tmp_path_factory.mktemp("pitched") / "corpus", noises(2000, 700, 90))
    counting = PitchedCorpus(corpus.path, corpus.index)
    counting.__dict__["samples"] = np.arange(1, 2791, dtype=np.int16)
    return counting


def check_frames(batch: WindowBatch, corpus: PitchedCorpus, context: int) -> None:
    """Check the frames of all rows against the frames of whole segments."""
    assert batch.frames is not None and batch.start is not None
    assert batch.frames.dtype == np.float32 and batch.start.dtype == np.int64
    for row, target in enumerate(batch.classes[:, context]):
        segment = next(s for s in corpus.segments("train") if s.offset < target <= s.offset + s.length)
        first_sample = int(target) - 1 - segment.offset - context
        place = first_sample - int(batch.start[row])
        assert place % 80 == 0, "the first frame is not at a multiple of the hop length"
        assert FRAME_MARGIN * 80 <= batch.start[row] < (FRAME_MARGIN + 1) * 80
        whole = segment_frames(corpus, segment, LAYOUT)
        indices = place // 80 + np.arange(batch.frames.shape[1])
        expected = whole[np.clip(indices, 0, len(whole) - 1)]
        assert (np.abs(batch.frames[row] - expected) <= feature_steps(LAYOUT)).all()
        assert (batch.frames[row] == expected).mean() > 0.99


@settings(max_examples=12)
@given(
    targets=st.integers(1, 300), context=st.integers(0, 200), batch=st.integers(1, 3), seed=st.integers(0, 3)
)
def test_the_frames_of_windows_are_those_of_their_segments(
    pitched: PitchedCorpus, targets: int, context: int, batch: int, seed: int
) -> None:
    values: dict[str, Any] = {"targets": targets, "context": context, "batch": batch}
    values |= {"quantizer": IdentityQuantizer(), "layout": LAYOUT}
    windows = TrainingWindows(pitched, seed=seed, **values)
    drawn = [windows.next() for _ in range(3)] + [*every_window(pitched, "train", **values)][:3]
    for one in drawn:
        check_frames(one, pitched, context)
    shapes = {one.frames.shape[1:] for one in drawn if one.frames is not None}
    assert shapes == {(frames_per_window(targets + context, 80), 14)}


@pytest.mark.parametrize("hop_length", [80, 160, 448])
@pytest.mark.parametrize("samples", [1, 16, 17, 500, 1599, 1600])
def test_all_blocks_of_a_window_are_interpolated_from_frames_inside_the_margin(
    hop_length: int, samples: int
) -> None:
    frames = frames_per_window(samples, hop_length)
    start = torch.arange(FRAME_MARGIN * hop_length, (FRAME_MARGIN + 1) * hop_length)
    blocks = (samples + 14) // 16 + 1
    used = block_weights(start, blocks=blocks, frames=frames, hop_length=hop_length).amax((0, 1)) > 0
    last = (start % 16 + samples - 1) // 16  # of a row's blocks, the last that has a sample
    needed = [
        block_weights(start[n : n + 1], blocks=int(last[n]) + 1, frames=frames, hop_length=hop_length)
        for n in range(len(start))
    ]
    reached = torch.stack([(weights > 0).any(1)[0] for weights in needed]).any(0)
    assert not reached[:FRAME_MARGIN].any() and not reached[frames - FRAME_MARGIN :].any()
    assert used[FRAME_MARGIN] and reached[FRAME_MARGIN]


def test_frames_change_nothing_else(pitched: PitchedCorpus) -> None:
    values: dict[str, Any] = {"targets": 64, "context": 30, "batch": 2, "seed": 5, "quantizer": Quantizer()}
    plain = TrainingWindows(pitched, **values)
    framed = TrainingWindows(pitched, **values, layout=LAYOUT)
    off = TrainingWindows(pitched, **values, layout=LAYOUT, augmentation=OFF)
    for _ in range(60):
        a, b, c = plain.next(), framed.next(), off.next()
        assert a.frames is None and a.start is None
        assert np.array_equal(a.classes, b.classes) and np.array_equal(a.classes, c.classes)
        assert np.array_equal(a.valid, b.valid) and np.array_equal(a.valid, c.valid)
        assert a.names == b.names == c.names
        assert b.frames is not None and c.frames is not None
        assert np.array_equal(b.frames, c.frames)


@pytest.mark.parametrize("stop", [0, 5, 21, 40])
def test_an_augmented_stream_continues_bitwise(pitched: PitchedCorpus, stop: int) -> None:
    values: dict[str, Any] = {"targets": 64, "context": 30, "batch": 2, "seed": 5, "quantizer": Quantizer()}
    values |= {"layout": LAYOUT, "augmentation": Augmentation()}
    whole, resumed = TrainingWindows(pitched, **values), TrainingWindows(pitched, **values)
    for _ in range(stop):
        whole.next()
    resumed.restore(whole.state())
    for _ in range(50):
        a, b = whole.next(), resumed.next()
        assert np.array_equal(a.classes, b.classes) and np.array_equal(a.valid, b.valid)
        assert a.frames is not None and b.frames is not None and np.array_equal(a.frames, b.frames)
        assert a.start is not None and b.start is not None and np.array_equal(a.start, b.start)


def test_augmentation_needs_no_layout(pitched: PitchedCorpus) -> None:
    windows = TrainingWindows(
        pitched, targets=64, context=30, batch=8, seed=0, quantizer=Quantizer(), augmentation=Augmentation()
    )
    plain = TrainingWindows(pitched, targets=64, context=30, batch=8, seed=0, quantizer=Quantizer())
    a, b = windows.next(), plain.next()
    assert a.frames is None and a.classes.shape == b.classes.shape
    assert not np.array_equal(a.classes, b.classes)


def reader_of(corpus: PitchedCorpus, *, targets: int, context: int, layout: FrameLayout) -> WindowReader:
    """Return a reader of windows with a fine linear quantizer."""
    return WindowReader(
        corpus=corpus,
        segments=corpus.segments("train"),
        targets=targets,
        context=context,
        quantizer=LINEAR,
        frames=FrameReader(corpus, layout),
    )


@pytest.mark.parametrize("semitones", [-2.0, -0.7, 1.3, 2.0, 12.0])
def test_sound_and_frames_of_a_faster_window_belong_together(tmp_path: Path, semitones: float) -> None:
    change = Change(semitones=semitones, gain=-0.5)
    place = round(2400 * change.ratio)  # sample 2400 of the faster sound is in the middle of frame 30
    corpus = pitched_corpus(tmp_path / "corpus", [np.eye(1, 9000, place)[0]])
    reader = reader_of(corpus, targets=500, context=300, layout=LAYOUT)
    start = round(2300 * change.ratio)
    batch = reader.read(np.array([[0, start, start + 500]]), [change])
    assert batch.frames is not None and batch.start is not None
    sound = LINEAR.decode(batch.classes[0])
    assert -0.7 < sound[np.abs(sound).argmax()] < -0.2
    click = int(batch.start[0]) + int(np.abs(sound).argmax())  # samples from the first frame's centre
    loudest = int(batch.frames[0, :, 2:8].mean(1).argmax())
    assert abs(click - 80 * loudest) <= 1


def test_an_octave_up_doubles_pitch_in_sound_bands_and_pitch_column(tmp_path: Path) -> None:
    corpus = pitched_corpus(tmp_path / "corpus", [sine(400.0, 8000)])
    layout = replace(LAYOUT, bands=40)
    reader = reader_of(corpus, targets=800, context=200, layout=layout)
    span = np.array([[0, 3000, 3800]])
    plain, octave = reader.read(span), reader.read(span, [Change(semitones=12.0)])
    assert plain.frames is not None and octave.frames is not None
    spectra = [np.abs(np.fft.rfft(LINEAR.decode(one.classes[0]))) for one in (plain, octave)]
    assert [int(spectrum.argmax()) for spectrum in spectra] == [50, 100]
    sound = ChangedSegment(corpus, corpus.segments("train")[0], Change(semitones=12.0))
    first = sound.nearest(3000) - 200
    centres = (first // 80 - FRAME_MARGIN + np.arange(octave.frames.shape[1])) * 80 * 2
    assert np.abs(octave.frames[0, :, 40] - (52 + centres / 1000)).max() <= 1 / 32 + 1e-6
    assert octave.frames[0, 5, :40].argmax() > plain.frames[0, 5, :40].argmax() + 5


def test_targets_of_faster_and_slower_windows_are_inside_the_segment(pitched: PitchedCorpus) -> None:
    reader = reader_of(pitched, targets=100, context=10, layout=LAYOUT)
    spans = np.array([[0, 1950, 2000], [0, 1950, 2000], [0, 0, 30], [2, 0, 90]])
    changes = [
        Change(semitones=12.0),
        Change(semitones=-12.0),
        Change(semitones=12.0),
        Change(semitones=12.0),
    ]
    batch = reader.read(spans, changes)
    assert batch.valid.sum(1).tolist() == [25, 99, 100, 45]
    assert all((np.diff(valid.astype(int)) <= 0).all() for valid in batch.valid)
    padding = batch.classes[:, 10:][~batch.valid]
    assert (padding == LINEAR.zero_class).all()
