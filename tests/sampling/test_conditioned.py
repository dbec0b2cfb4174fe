"""Clips that follow frames: the compiled sampler against the model, and what must not change a clip."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from conditioned import LAYOUT, conditioned_model, conditions_from, random_frames
from exact_sampling import ODD, exact_probabilities

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose
from partita.sampling.conditions import ConditionTable
from partita.sampling.config import Precision, SamplingConfig, SteeringConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.cpu.kernel import advance
from partita.sampling.frame_sources import DrawnFrames, FrameSource, GivenFrames
from partita.sampling.precision import PRECISIONS, rounded
from partita.sampling.reference import CachedStep
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import Stream, draw, history_of, stream
from partita.sampling.uniforms import uniforms

ERROR = 1e-4


def frames_for(clips: int, layout: FrameLayout = LAYOUT, seed: int = 0) -> GivenFrames:
    """Return frames that begin within the history and end before the clips do."""
    return GivenFrames(random_frames(clips, 60, layout, seed), first=-25)


def check(
    model: WaveNet,
    source: FrameSource,
    config: SamplingConfig,
    *,
    clips: int,
    steps: int,
    prompt: int | None = None,
    splits: tuple[int, ...] = (),
) -> None:
    """Assert that the clips' probabilities and choices are those of the model, whatever the split."""
    assert model.config.condition is not None
    count, field = model.config.classes, model.receptive_field
    past = np.random.default_rng(5).integers(0, count, (clips, field if prompt is None else prompt))
    history = history_of(past, clips=clips, length=field, classes=count, zero_class=count // 2)
    fast = Stream(model, prompt=past, clips=clips, config=config, zero_class=count // 2, conditions=source)
    seen, drawn = np.empty((clips, steps, count), np.float32), np.empty((clips, 0), int)
    for size in (*splits, steps - sum(splits)):
        here = slice(drawn.shape[1], drawn.shape[1] + size)
        drawn = np.concatenate([drawn, fast.take(size, probabilities=seen[:, here])], 1)
    conditions = conditions_from(source, model.config.condition, -field, steps, clips)
    whole = np.concatenate([history, drawn], 1)
    exact = exact_probabilities(rounded(model, config.precision), whole, config, conditions)
    np.testing.assert_allclose(seen, exact, atol=ERROR)
    u = uniforms(config.seed, clips, 0, steps)
    near = np.abs(np.cumsum(exact, -1) - u[..., None]).min(-1) < ERROR
    assert ((choose(exact, u) == drawn) | near).all()


@pytest.mark.parametrize("clips", [1, 3])
@pytest.mark.parametrize("size", ["tiny", "small", pytest.param("wide", marks=pytest.mark.slow)])
def test_fast_equals_slow(size: str, clips: int) -> None:
    check(conditioned_model(SIZES[size]), frames_for(clips), SamplingConfig(seed=1), clips=clips, steps=400)


@pytest.mark.parametrize("clips", [1, 2, 7])
@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_channels_that_are_no_multiple_of_16(precision: Precision, kernel: int, clips: int) -> None:
    model = conditioned_model(dataclasses.replace(ODD, kernel_size=kernel))
    config = SamplingConfig(threads=1, precision=precision)
    check(model, frames_for(clips), config, clips=clips, steps=200)


@pytest.mark.parametrize("hop", [16, 48, 160])
@pytest.mark.parametrize("length", [0, 1, 5, 900, 3000])
def test_prompts_of_any_length(length: int, hop: int) -> None:
    layout = dataclasses.replace(LAYOUT, hop_length=hop)
    model = conditioned_model(SIZES["tiny"], layout)
    check(model, frames_for(2, layout), SamplingConfig(), clips=2, steps=100, prompt=length)


@pytest.mark.parametrize(
    "splits", [(1,) * 40, (7,) * 9, (16,) * 5, (17,) * 5, (1000,), (0, 3, 0, 1600, 1)], ids=str
)
def test_takes_of_any_size(splits: tuple[int, ...]) -> None:
    model = conditioned_model(ODD)
    config = SamplingConfig(seed=3, threads=2)
    check(model, frames_for(3), config, clips=3, steps=1700, splits=splits)
    whole = draw(model, clips=3, steps=1700, config=config, zero_class=45, conditions=frames_for(3))
    source = Stream(model, clips=3, config=config, zero_class=45, conditions=frames_for(3))
    parts = [source.take(size) for size in (*splits, 1700 - sum(splits))]
    assert (np.concatenate(parts, 1) == whole).all()


@pytest.mark.parametrize("phase", range(17))
def test_every_phase_of_a_block(phase: int) -> None:
    """A history that ends at any place in a block of samples that share their biases."""
    model, source, rng = conditioned_model(ODD), frames_for(2), np.random.default_rng(1)
    past, given = (rng.integers(0, 90, (2, n)) for n in (model.receptive_field + phase, 40))
    whole = CPUEngine(model, past[:, phase:], SamplingConfig(), conditions=source)
    early = CPUEngine(model, past[:, : model.receptive_field], SamplingConfig(), conditions=source)
    early.position = -phase
    early.score(past[:, model.receptive_field :])
    assert (early.score(given) == whole.score(given)).all()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 7, 14])
def test_threads_and_other_clips_change_nothing(threads: int, rows: int) -> None:
    model = conditioned_model(SIZES["tiny"])
    frames = random_frames(rows, 30)
    config = SamplingConfig(seed=9, threads=threads)
    many = draw(model, clips=14, steps=500, config=config, zero_class=128, conditions=GivenFrames(frames))
    for clip in (0, 3):
        history = np.full((1, model.receptive_field), 128)
        own = GivenFrames(frames[clip * rows // 14 :][:1])
        alone = CPUEngine(model, history, SamplingConfig(seed=9), numbers=np.array([clip]), conditions=own)
        assert (alone.take(500) == many[clip]).all()


@pytest.mark.parametrize("clips", [1, 5])
def test_scores_equal_teacher_forcing(clips: int) -> None:
    model, source = conditioned_model(ODD), frames_for(clips)
    assert model.config.condition is not None
    rng = np.random.default_rng(1)
    history, given = (rng.integers(0, 90, (clips, n)) for n in (model.receptive_field, 1700))
    engine = CPUEngine(model, history, SamplingConfig(threads=2, temperature=0.3), conditions=source)
    values = np.concatenate([engine.score(part) for part in np.split(given, [1, 8, 24, 41], 1)], 1)
    conditions = conditions_from(source, model.config.condition, -model.receptive_field, 1700, clips)
    exact = exact_probabilities(model, np.concatenate([history, given], 1), SamplingConfig(), conditions)
    wanted = np.log(np.take_along_axis(exact, given[..., None], 2))[..., 0]
    np.testing.assert_allclose(values, wanted, atol=2e-4)
    assert engine.position == 1700


def test_the_cached_step_equals_the_model() -> None:
    model, source = conditioned_model(ODD).double(), frames_for(2)
    assert model.config.condition is not None
    assert model.conditioner is not None
    classes = torch.from_numpy(np.random.default_rng(1).integers(0, 90, (2, model.receptive_field + 60)))
    start = -model.receptive_field
    conditions = conditions_from(source, model.config.condition, start, 60, 2)
    conditions = dataclasses.replace(conditions, frames=conditions.frames.double())
    blocks = model.conditioner.blocks(conditions, samples=classes.shape[1] + 1)
    step = CachedStep(model, clips=2)
    table = ConditionTable(model, source, clips=2)
    for t, column in enumerate(classes.unbind(1)):
        periods = torch.from_numpy(table.periods(start + t + 1, start + t + 2)[0])
        logits = step(column, blocks[:, (start + t + 1) // 16 - start // 16], periods)
    np.testing.assert_allclose(logits, model(classes, conditions)[:, -1], atol=1e-3)


@pytest.mark.parametrize("before", [0, 1, 21])
def test_a_copy_has_the_past_of_its_source_and_its_own_frames(before: int) -> None:
    model, frames = conditioned_model(ODD), random_frames(6, 60)
    rng = np.random.default_rng(0)
    history = rng.integers(0, 90, (6, model.receptive_field))
    clips = CPUEngine(model, history, SamplingConfig(threads=2), conditions=GivenFrames(frames, -20))
    past = rng.integers(0, 90, (6, before))
    clips.score(past)
    clips.copy(np.array([5, 1]), np.array([0, 2]))
    given = np.repeat(rng.integers(0, 90, (1, 50)), 6, 0)
    values = clips.score(given)
    for target, origin in ((5, 0), (1, 2)):
        mixed = frames[target : target + 1].copy()
        # the states of the past followed the frames of the source; those of the future follow its own
        alone = CPUEngine(
            model,
            history[origin : origin + 1],
            SamplingConfig(),
            conditions=Switching(frames[origin : origin + 1], mixed),
        )
        alone.score(past[origin : origin + 1])
        alone._table._source.later = True  # type: ignore[union-attr]
        alone._table._chunks.clear()  # type: ignore[union-attr]
        assert (alone.score(given[:1]) == values[target]).all()


class Switching:
    """Frames that are replaced by others in the middle of a clip."""

    def __init__(self, early: np.ndarray, late: np.ndarray) -> None:
        self.sources, self.later = (GivenFrames(early, -20), GivenFrames(late, -20)), False

    def frames(self, first: int, stop: int) -> np.ndarray:
        return self.sources[self.later].frames(first, stop)


class SlowFrames:
    """Draws random frames, each of which depends on its clip and number alone."""

    def __init__(self, clips: int) -> None:
        self.everything, self.taken = random_frames(clips, 4000, seed=7), 0

    def take(self, count: int) -> np.ndarray:
        self.taken += count
        return self.everything[:, self.taken - count : self.taken]


@pytest.mark.parametrize("block", [1, 50, 1700])
def test_frames_drawn_on_the_fly_equal_frames_given(block: int) -> None:
    model = conditioned_model(ODD)
    prompt = random_frames(2, 30, seed=8)
    sampler = SlowFrames(2)
    given = GivenFrames(np.concatenate([prompt, sampler.everything], 1), first=-30)
    wanted = draw(model, clips=2, steps=1700, zero_class=45, conditions=given)
    drawn = stream(
        model,
        clips=2,
        steps=1700,
        config=SamplingConfig(block=block),
        zero_class=45,
        conditions=DrawnFrames(sampler, prompt=prompt),
    )
    assert (np.concatenate(list(drawn), 1) == wanted).all()
    assert sampler.taken < 1700 // LAYOUT.hop_length + 15


@pytest.mark.parametrize("rows", [1, 3])
def test_particles_share_the_frames_of_their_clip(rows: int) -> None:
    """With a strength of 0, or with equal models, steering changes nothing."""
    model, other = conditioned_model(ODD), conditioned_model(ODD, seed=1)
    source = frames_for(rows)
    config = SamplingConfig(seed=2)
    plain = draw(model, clips=3, steps=600, config=config, zero_class=45, conditions=source)
    for better, strength in ((other, 0.0), (model, 1.0)):
        steering = Steering(
            scorer=RatioScorer(better, model, conditions=source),
            config=SteeringConfig(particles=4, block=50, strength=strength),
        )
        steered = SteeredStream(
            model, steering, clips=3, steps=600, config=config, zero_class=45, conditions=source
        )
        taken = steered.take(600)
        if strength == 0.0:
            assert (taken == plain).all()
        else:
            assert np.abs(steered.log_evidence).max() < 1e-3


def test_steering_towards_a_conditioned_model() -> None:
    """Steered clips are likelier under the model that they are steered to than plain clips are."""
    model, better, source = conditioned_model(ODD), conditioned_model(ODD, seed=1), frames_for(2)
    scorer = RatioScorer(better, model, conditions=source)
    steering = Steering(scorer=scorer, config=SteeringConfig(particles=32, block=8))
    arguments: dict[str, Any] = {"clips": 2, "zero_class": 45, "conditions": source}
    steered = SteeredStream(model, steering, steps=64, **arguments).take(64)
    plain = draw(model, steps=64, **arguments)
    history = np.full((2, better.receptive_field), 45)
    scores = [
        CPUEngine(better, history, SamplingConfig(), conditions=source).score(clips.astype(np.int64)).sum()
        for clips in (steered, plain)
    ]
    assert scores[0] > scores[1]


def test_the_condition_changes_the_sound_and_missing_frames_are_an_error() -> None:
    model = conditioned_model(ODD)
    some, others = (
        draw(model, steps=300, zero_class=45, conditions=frames_for(1, seed=seed)) for seed in (0, 1)
    )
    assert (some != others).any()
    with pytest.raises(PartitaError, match="has a condition"):
        Stream(model, zero_class=45)
    with pytest.raises(PartitaError, match="2 clips, but 3"):
        Stream(model, clips=3, zero_class=45, conditions=frames_for(2))
    plain = WaveNet(ODD)
    assert (
        draw(plain, steps=50, zero_class=45, conditions=frames_for(1)) == draw(plain, steps=50, zero_class=45)
    ).all()


def test_the_kernel_is_compiled_once() -> None:
    model = conditioned_model(SIZES["tiny"])
    for clips in (1, 3):
        Stream(model, clips=clips, zero_class=128, conditions=frames_for(clips)).take(2)
        Stream(WaveNet(SIZES["tiny"]), clips=clips, zero_class=128).take(2)
    assert len(advance.signatures) == 1
