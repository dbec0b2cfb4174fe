"""Heads with a density in the fast sampler: the draws are those of the reference, conditioned or not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conditioned import LAYOUT, conditions_from, random_frames
from exact_sampling import ODD, peaked_model
from numpy.typing import NDArray
from scipy.special import ndtri

from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.models.heads.base import DensityHead
from partita.models.sizes import MEAN_GAIN, SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.numba_cache import compiled
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.cpu.densities import normal_quantile
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.precision import rounded
from partita.sampling.stream import Stream, draw
from partita.sampling.uniforms import uniforms


def shape(head: str, classes: int, base: WaveNetConfig = SIZES["tiny"]) -> WaveNetConfig:
    return replace(base, head=head, classes=classes, mixtures=3, mean_gain=MEAN_GAIN)


def lively(config: WaveNetConfig, seed: int = 0) -> WaveNet:
    """Return a model whose means depend on the past, with deviations of about a tenth."""
    model = peaked_model(config, seed)
    with torch.no_grad():
        model.end2.mul_(0.25 / model.gains)
        model.end2_bias.copy_(model.head.initial_bias() / model.gains)
        deviations = model.end2_bias[2 * config.mixtures if config.head == "logistic" else 1 :]
        deviations.fill_(-3.0)
        model.end2[:, -len(deviations) :] *= 0.1
    return model


@torch.inference_mode()
def expected(
    model: WaveNet, history: NDArray[Any], config: SamplingConfig, conditions: Conditions | None = None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the classes that the reference draws after each past, and which are near the edge of a bin."""
    exact = WaveNet(model.config).double()
    exact.load_state_dict(model.state_dict())
    head = exact.head
    assert isinstance(head, DensityHead)
    if conditions is not None:
        conditions = Conditions(conditions.frames.double(), conditions.start)
    outputs = exact(torch.as_tensor(history[:, :-1], dtype=torch.long), conditions)
    u = torch.from_numpy(uniforms(config.seed, len(history), 0, outputs.shape[1]))
    how = {"temperature": config.temperature, "smoothing": config.smoothing}
    drawn = head.draw(outputs, u, **how)
    near = torch.zeros_like(drawn, dtype=torch.bool)
    for nudge in (-2e-4, 2e-4):  # float32 products against float64 ones
        moved = outputs.clone()
        middle = slice(3, 6) if model.config.head == "logistic" else slice(0, 1)
        moved[..., middle] += nudge
        near |= head.draw(moved, u, **how) != drawn
    return drawn.numpy(), near.numpy()


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_the_gain_of_the_means_changes_no_sample_of_the_same_distribution(
    head: str, precision: Precision
) -> None:
    gained = lively(shape(head, 256))
    plain = WaveNet(replace(gained.config, mean_gain=1.0))
    with torch.no_grad():
        state = gained.state_dict()
        plain.load_state_dict(state | {name: state[name] * gained.gains for name in ("end2", "end2_bias")})
    config = SamplingConfig(seed=4, precision=precision)
    first, second = (draw(one, steps=60, config=config, zero_class=128) for one in (gained, plain))
    np.testing.assert_array_equal(first, second)
    classes = torch.randint(256, (1, gained.receptive_field + 9), generator=torch.Generator().manual_seed(0))
    assert torch.equal(gained(classes), plain(classes))


@pytest.mark.parametrize("clips", [1, 3])
@pytest.mark.parametrize(
    "options", [{}, {"temperature": 0.5}, {"smoothing": 4.0, "temperature": 0.8}], ids=str
)
@pytest.mark.parametrize("classes", [256, 65536])
@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_fast_equals_slow(head: str, classes: int, options: dict[str, float], clips: int) -> None:
    model = lively(shape(head, classes, ODD if clips == 3 else SIZES["tiny"]))
    config = SamplingConfig(seed=5, **options)  # type: ignore[arg-type]
    start = np.full((clips, model.receptive_field), classes // 2)
    drawn = draw(model, clips=clips, steps=300, config=config, zero_class=classes // 2)
    wanted, near = expected(model, np.concatenate([start, drawn], 1), config)
    far = np.abs(drawn.astype(int) - wanted)
    assert (far[~near] == 0).all()
    assert far.max() <= max(1, 4e-4 * classes)
    if classes == 256:
        assert near.mean() < 0.1
    assert len(np.unique(drawn)) > 20
    assert drawn.dtype == (np.uint8 if classes == 256 else np.uint16)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_stored_weights_draw_as_the_rounded_network(head: str, precision: Precision) -> None:
    model = lively(shape(head, 256))
    config = SamplingConfig(seed=5, precision=precision)
    start = np.full((1, model.receptive_field), 128)
    drawn = draw(model, steps=300, config=config, zero_class=128)
    history = np.concatenate([start, drawn], 1)
    wanted, near = expected(rounded(model, precision), history, config)
    assert (drawn[~near] == wanted[~near]).all() and near.mean() < 0.1
    exact, _ = expected(model, history, config)
    assert (drawn != exact).mean() > (drawn != wanted).mean()  # the rounding has an effect


@pytest.mark.parametrize("period_taps", [0, 3])
@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_conditioned_networks_draw_the_same(head: str, period_taps: int) -> None:
    config = SamplingConfig(seed=1)
    given = replace(shape(head, 65536), condition=LAYOUT, condition_channels=24, period_taps=period_taps)
    model = lively(given)
    frames = GivenFrames(random_frames(2, 60), first=-25)
    drawn = draw(model, clips=2, steps=200, config=config, zero_class=32768, conditions=frames)
    conditions = conditions_from(frames, LAYOUT, -model.receptive_field, 200, 2)
    start = np.full((2, model.receptive_field), 32768)
    wanted, _ = expected(model, np.concatenate([start, drawn], 1), config, conditions)
    assert np.abs(drawn.astype(int) - wanted).max() <= 60
    assert len(np.unique(drawn)) > 100


@compiled(error_model="numpy")
def quantiles(values: Any, out: Any) -> None:
    for i in range(len(values)):
        out[i] = normal_quantile(values[i])


def test_the_compiled_normal_quantile_is_exact() -> None:
    u = np.concatenate([np.linspace(1e-9, 1 - 1e-9, 2001), [1e-300, 1e-16, 0.075, 0.925, 1 - 1e-16]])
    found = np.empty(len(u))
    quantiles(u, found)
    np.testing.assert_allclose(found, ndtri(u), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("head", ["logistic", "gaussian"])
def test_scores_are_the_log_probabilities(head: str) -> None:
    model = lively(shape(head, 65536))
    start = np.full((2, model.receptive_field), 32768)
    given = np.random.default_rng(0).integers(30000, 36000, (2, 40))
    found = CPUEngine(model, start, SamplingConfig()).score(given)
    whole = torch.from_numpy(np.concatenate([start, given], 1))
    with torch.inference_mode():
        exact = -model.head.nats(model(whole[:, :-1]), whole[:, start.shape[1] :])
    np.testing.assert_allclose(found, exact.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("option", "words"), [("top_k", "top_k"), ("top_p", "top_p"), ("device", "'cuda'")])
def test_settings_that_need_probabilities_of_classes_are_refused(option: str, words: str) -> None:
    value: Any = {"top_k": 3, "top_p": 0.5, "device": "cuda"}[option]
    with pytest.raises(PartitaError, match=words):
        Stream(lively(shape("gaussian", 256)), config=SamplingConfig(**{option: value}), zero_class=128)
