"""An arena whose teacher is given features: the students are given the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from two_tiers import BANDS, one_tier_run, two_tier_run

from partita.audio.features.layout import FrameLayout
from partita.data.corpus import Corpus
from partita.data.frames import frames_around
from partita.data.frames.excerpts import segment_frames
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.evaluation.metrics.divergence import Clips, divergences, log_ratios
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.run import arena
from partita.experiments.arena.teacher import TeacherData, refuse_missing
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.engine import CPUEngine

RATE, HOP = 8000, 80
LAYOUT = FrameLayout(hop_length=HOP, bands=BANDS, sample_rate=RATE)


@pytest.fixture(scope="module")
def pitched(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus of two notes, with its pitch."""
    folder = tmp_path_factory.mktemp("pitched")
    for number, pitch in enumerate((300.0, 500.0)):
        time = np.arange(4 * RATE) / RATE
        sound = 0.4 * np.sin(2 * np.pi * pitch * (1 + 0.1 * time) * time)
        soundfile.write(folder / f"{number}.wav", sound, RATE)
    return prepare([folder], folder / "corpus", PrepareConfig(sample_rate=RATE))


@pytest.fixture(scope="module")
def data(pitched: Corpus, tmp_path_factory: pytest.TempPathFactory) -> TeacherData:
    run = one_tier_run(tmp_path_factory.mktemp("teacher") / "run", LAYOUT)
    return TeacherData(load(run.path), pitched, 1)


def clips_of(data: TeacherData) -> Clips:
    return data.evaluation_clips(clips=3, samples=500, field=100, seed=4)


def test_clips_follow_the_features_of_the_sound_after_their_prompts(data: TeacherData) -> None:
    clips = clips_of(data)
    assert clips.conditions is not None
    frames = clips.conditions.frames.numpy()
    known = np.concatenate(
        [segment_frames(data.corpus, segment, LAYOUT) for segment in data.corpus.segments("train")]
    )
    assert all((known == frame).all(1).any() for frame in frames.reshape(-1, LAYOUT.columns))
    other = data.evaluation_clips(clips=3, samples=500, field=100, seed=5).conditions
    assert other is not None and (other.frames.numpy() != frames).any()


def test_the_probability_of_a_clip_is_that_by_which_it_was_drawn(data: TeacherData) -> None:
    clips, model = clips_of(data), data.teacher.wavenet
    engine = CPUEngine(
        model, clips.past[:, -model.receptive_field :].astype(np.int64), SamplingConfig(threads=1),
        conditions=clips.frame_source(LAYOUT),
    )  # fmt: skip
    drawn = engine.score(clips.sound.astype(np.int64)).sum(1)
    (found,) = divergences(model, model, clips)
    np.testing.assert_allclose(-found.surprise * np.log(2), drawn, rtol=1e-4)
    assert not found.forward.any()


def test_other_features_give_other_probabilities(data: TeacherData) -> None:
    clips, model = clips_of(data), data.teacher.wavenet
    assert clips.conditions is not None
    moved = Clips(clips.past, clips.sound, clips.conditions.rows([1, 2, 0]))
    right, wrong = (divergences(model, model, one)[0].surprise for one in (clips, moved))
    assert (right != wrong).all()
    assert not log_ratios(model, model, moved).any()


@pytest.mark.parametrize("samples", [777, 10 * HOP])
def test_the_training_clips_keep_their_features(data: TeacherData, tmp_path: Path, samples: int) -> None:
    made = data.write_training_corpus(tmp_path / "clips", clips=4, samples=samples, seed=1)
    corpus, drawn = Corpus.open(made.path), data.draw(clips=5, samples=samples, seed=1)
    corpus.verify()
    assert drawn.frames is not None and corpus.given_columns == LAYOUT.columns
    for number, segment in enumerate(corpus.segments("train")):
        sound = corpus.samples[segment.offset : segment.offset + segment.length]
        assert (data.teacher.quantizer.encode_int16(sound) == drawn.sound[number]).all()
        frames = segment_frames(corpus, segment, LAYOUT)
        assert len(frames) == samples // HOP + 1
        np.testing.assert_array_equal(frames, drawn.frames[number, 4 : 4 + len(frames)])
    starts = [segment.offset + HOP for segment in corpus.segments("train")]
    around = frames_around(corpus, "train", starts, LAYOUT, before=1, after=2)
    np.testing.assert_array_equal(around, drawn.frames[:4, 4:8])


def test_an_arena_with_features(
    data: TeacherData, pitched: Corpus, tmp_path: Path, small: Callable[..., ArenaConfig]
) -> None:
    asked = small(
        tmp_path / "arena",
        corpus=pitched.path,
        teacher=data.teacher.path,
        arms=("likelihood", "policy", "oracle"),
        samples=1500,
    )
    scores = arena(asked, log=lambda line: None)
    assert {"likelihood", "policy", "oracle"} <= set(scores["arms"])
    run = next(path for path in (tmp_path / "arena").rglob("config.toml") if "likelihood" in str(path))
    network = RunFolder.open(run.parent).config()["network"]
    assert network["condition"]["bands"] == BANDS
    training = RunFolder.open(run.parent).config()["training"]
    assert (training["augment"], training["input_noise"], training["input_gain_db"]) == ("off", 0.0, 0.0)


def test_clips_longer_than_the_recordings_are_refused(data: TeacherData) -> None:
    with pytest.raises(PartitaError, match=r"are shorter than .* s, the features that a clip follows"):
        data.draw(clips=2, samples=40 * RATE, seed=0)


def test_a_student_may_see_more_than_the_teacher(data: TeacherData) -> None:
    reach = data.teacher.model.config.reach
    assert reach > 0
    clips = data.evaluation_clips(clips=2, samples=100, field=5000, seed=0)
    assert clips.past.shape[1] >= 5000 + reach


def test_what_the_arena_does_not_support_is_refused(tmp_path: Path, data: TeacherData) -> None:
    labelled = two_tier_run(tmp_path / "teacher", labels=("digit=1", "digit=2")).path
    with pytest.raises(PartitaError, match="trained with `--condition features`"):
        refuse_missing(ArenaConfig(out=tmp_path / "arena", teacher=labelled))
    with pytest.raises(PartitaError, match="`--arms`"):
        refuse_missing(ArenaConfig(out=tmp_path / "arena", teacher=data.teacher.path))
    assert not (tmp_path / "arena").exists()
