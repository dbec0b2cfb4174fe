"""A copy of a clip continues as its source would; given samples get the log-probabilities of the model."""

import dataclasses

import numpy as np
import pytest
import torch
from exact_sampling import exact_probabilities

from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.cpu.kernel import advance
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import RatioScorer

CLASSES = 12


@pytest.fixture(scope="module")
def model() -> WaveNet:
    shape = WaveNetConfig(
        blocks=1, layers=3, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16,
        classes=CLASSES,
    )  # fmt: skip
    model = WaveNet(shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.end2.mul_(3.0)
    return model.eval().requires_grad_(False)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_copies_continue_as_their_sources(model: WaveNet, threads: int) -> None:
    """Before the first sample or later, within a group or across groups: the probabilities are the same."""
    rng = np.random.default_rng(0)
    history = rng.integers(0, CLASSES, (55, model.receptive_field))
    clips = CPUEngine(model, history, SamplingConfig(threads=threads))
    targets, sources = np.array([54, 3, 30, 0]), np.array([1, 40, 31, 1])
    for steps in (0, 1, 13):
        clips.take(steps)
        clips.copy(targets, sources)
        given = rng.integers(0, CLASSES, (55, 30))
        given[targets] = given[sources]
        values = clips.score(given)
        assert (values[targets] == values[sources]).all()
        assert len(np.unique(values[:, 0])) == 51


def test_a_copy_draws_by_its_own_number(model: WaveNet) -> None:
    history = np.random.default_rng(0).integers(0, CLASSES, (2, model.receptive_field))
    clips = CPUEngine(model, history, SamplingConfig(seed=4), numbers=np.array([9, 1 << 32]))
    clips.copy(np.array([1]), np.array([0]))
    expected = CPUEngine(model, history[[0, 0]], SamplingConfig(seed=4), numbers=np.array([9, 1 << 32]))
    drawn = clips.take(50)
    assert (drawn == expected.take(50)).all()
    assert (drawn[0] != drawn[1]).any()


@pytest.mark.parametrize("clips", [1, 5])
def test_scores_equal_teacher_forcing(model: WaveNet, clips: int) -> None:
    rng = np.random.default_rng(1)
    history = rng.integers(0, CLASSES, (clips, model.receptive_field))
    given = rng.integers(0, CLASSES, (clips, 40))
    engine = CPUEngine(model, history, SamplingConfig(temperature=0.3, top_k=2, threads=2))
    values = np.concatenate([engine.score(given[:, :25]), engine.score(given[:, 25:])], 1)
    exact = exact_probabilities(model, np.concatenate([history, given], 1), SamplingConfig())
    wanted = np.log(np.take_along_axis(exact, given[..., None], 2)).sum((1, 2))
    np.testing.assert_allclose(values.sum(1), wanted, atol=1e-4)
    assert engine.position == 40


@pytest.mark.parametrize("silences", [(900, 901, 1), (1023, 0, 400)], ids=str)
def test_copies_across_groups_after_silences_of_other_lengths(silences: tuple[int, ...]) -> None:
    """A regression test: groups with silence of different lengths once ended at different slots."""
    tiny = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0)).eval().requires_grad_(False)
    rng = np.random.default_rng(3)
    history = rng.integers(0, 256, (3, tiny.receptive_field))
    for row, silence in zip(history, silences, strict=True):
        row[:silence] = 128
    clips = CPUEngine(tiny, history, SamplingConfig(threads=3))
    given = np.repeat(rng.integers(0, 256, (1, 60)), 3, 0)
    clips.score(given[:, :5])
    assert all((group.ring["slot"] == clips._groups[0].ring["slot"]).all() for group in clips._groups)
    clips.copy(np.array([0, 2]), np.array([1, 1]))
    values = clips.score(given)
    assert (values == values[1]).all()


@pytest.mark.parametrize("better", ["tiny", "odd"])
def test_the_kernel_is_compiled_once_for_histories_of_any_length(model: WaveNet, better: str) -> None:
    """The scorer sees more of the past than the model, or less."""
    shapes = {"tiny": SIZES["tiny"], "odd": dataclasses.replace(model.config, classes=256)}
    drawing = WaveNet(shapes["odd" if better == "tiny" else "tiny"]).eval().requires_grad_(False)
    scorer = RatioScorer(WaveNet(shapes[better]).eval().requires_grad_(False), drawing)
    prompt = np.random.default_rng(1).integers(0, 256, (2, 2000))
    before = len(advance.signatures)
    steering = Steering(scorer=scorer, config=SteeringConfig(particles=2, block=4))
    SteeredStream(drawing, steering, prompt=prompt, clips=2, steps=8, zero_class=128).take(8)
    assert len(advance.signatures) == max(before, 1)


def test_scoring_no_samples_changes_nothing(model: WaveNet) -> None:
    history = np.random.default_rng(2).integers(0, CLASSES, (2, model.receptive_field))
    given = np.array([[1, 2, 3], [4, 5, 6]])
    whole = CPUEngine(model, history, SamplingConfig()).score(given)
    clips = CPUEngine(model, history, SamplingConfig())
    assert clips.score(given[:, :0]).shape == (2, 0)
    assert (clips.score(given) == whole).all()
