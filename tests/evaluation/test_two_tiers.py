"""The evaluation of models that are given features: parts of the bits, and where the features come from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from two_tiers import one_tier_run, two_tier_run

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.frames import segment_frames
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.evaluation.clips import draw_continuations, real_clips
from partita.evaluation.code_length import frame_bits_per_sample
from partita.evaluation.evaluate import EvaluateConfig, evaluate
from partita.evaluation.temperature import choose_temperature
from partita.runs.loading import LoadedModel, load

QUICK = EvaluateConfig(clips=4, seconds=0.25, prompt_seconds=0.1, threads=1)


@pytest.fixture(scope="module")
def pitched(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The recordings of the small corpus at 8 kHz, the rate of the runs."""
    folder = tmp_path_factory.mktemp("pitched")
    config = PrepareConfig(sample_rate=8000, test=("3.wav",), validation=("0.wav",))
    return prepare([corpus.path.parent], folder / "corpus", config, progress=False)


@pytest.fixture
def both(tmp_path: Path) -> LoadedModel:
    return load(two_tier_run(tmp_path / "both").path)


def test_the_bits_are_an_upper_bound_in_two_parts(both: LoadedModel, pitched: Corpus) -> None:
    scores = evaluate(both, pitched, QUICK)
    whole, frames, samples = (scores[f"{part}bits_per_sample"] for part in ("", "frame_", "conditional_"))
    assert whole["upper_bound"] and whole["value"] == pytest.approx(frames["value"] + samples["value"])
    for one in (whole, frames, samples):
        assert one["low"] <= one["value"] <= one["high"]
    assert scores["about"]["features"] == "drawn" and scores["about"]["temperature"] == 1.0
    assert "real" in scores["given_features_mmd_timbre"]
    assert 0 <= scores["given_features_noise_db_mmd_log_mel"]["value"] <= 40
    assert not any("no frame tier" in warning for warning in scores["warnings"])


def test_the_bits_of_the_frames_are_those_of_every_frame(both: LoadedModel, pitched: Corpus) -> None:
    assert both.frames is not None
    score = frame_bits_per_sample(both.frames, pitched, "test")
    layout, bits, count = both.frames.config.layout, 0.0, 0
    for segment in pitched.segments("test"):
        known = torch.from_numpy(segment_frames(pitched, segment, layout))
        bits += float(both.frames.frame_bits(known[None], torch.Generator().manual_seed(0)).sum())
        count += len(known) - 1
    assert score.value == pytest.approx(bits / count / layout.hop_length, rel=0.02)  # each draws its own u
    part = frame_bits_per_sample(both.frames, pitched, "test", seconds=4.0)
    assert part.value == pytest.approx(score.value, rel=0.5)


def test_clips_follow_their_own_features_if_they_are_given(both: LoadedModel, pitched: Corpus) -> None:
    real = real_clips(
        pitched, "test", clips=4, seconds=0.2, prompt_seconds=0.1, seed=0, quantizer=both.quantizer
    )
    given, drawn = (draw_continuations(both.model, real, frames=one, seed=0) for one in (None, both.frames))
    assert given.shape == drawn.shape == (4, 1600) and not np.array_equal(given, drawn)
    fewer = replace(real, prompts=real.prompts[:2], continuations=real.continuations[:2])
    assert fewer.places is not None
    fewer = replace(fewer, places=replace(fewer.places, starts=fewer.places.starts[:2]))
    np.testing.assert_array_equal(
        draw_continuations(both.model, fewer, frames=both.frames, seed=0), drawn[:2]
    )
    hotter = draw_continuations(both.model, real, frames=both.frames, seed=0, frame_temperature=3.0)
    assert not np.array_equal(hotter, drawn)
    with pytest.raises(PartitaError, match="the prompts have no frames"):
        draw_continuations(both.model, replace(real, places=None), seed=0)


def test_continuations_begin_at_the_centre_of_a_frame(pitched: Corpus) -> None:
    real = real_clips(
        pitched, "test", clips=4, seconds=0.2, prompt_seconds=0.13, seed=0, quantizer=Quantizer()
    )
    assert real.places is not None and real.prompts.shape == (4, 1040)
    for start, clip in zip(real.places.starts, real.continuations, strict=True):
        (segment,) = [one for one in pitched.segments("test") if 0 <= start - one.offset < one.length]
        assert (start - segment.offset) % 80 == 0
        np.testing.assert_array_equal(clip, Quantizer().encode_int16(pitched.samples[start : start + 1600]))


def test_a_model_without_a_frame_tier_says_that_it_was_given_the_features(
    pitched: Corpus, tmp_path: Path
) -> None:
    alone = load(one_tier_run(tmp_path / "alone", FrameLayout(hop_length=80, bands=6)).path)
    scores = evaluate(alone, pitched, QUICK)
    assert scores["about"]["features"] == "real" and "frame_bits_per_sample" not in scores
    assert any("has no frame tier" in warning for warning in scores["warnings"])


def test_the_temperature_of_a_model_with_features_is_its_own(tmp_path: Path, pitched: Corpus) -> None:
    chosen = load(two_tier_run(tmp_path / "run", temperature=0.7).path)
    assert choose_temperature(chosen, pitched, QUICK) == 0.7
