"""Divergences against the sum over all sequences of four classes and four samples."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from partita.errors import PartitaError
from partita.evaluation.metrics import divergence
from partita.evaluation.metrics.divergence import Clips, divergences, log_ratios
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw

Make = Callable[[int, int], WaveNet]

CLASSES, STEPS = 4, 4
TEMPERATURES = (1.0, 0.7)


@pytest.fixture(scope="module")
def p(four_classes: Make) -> WaveNet:
    return four_classes(0, 3)


@pytest.fixture(scope="module")
def q(four_classes: Make) -> WaveNet:
    return four_classes(1, 2)


@pytest.fixture(scope="module")
def past(p: WaveNet) -> np.ndarray:
    return np.random.default_rng(0).integers(CLASSES, size=p.receptive_field)


@pytest.fixture(scope="module")
def every(past: np.ndarray) -> Clips:
    """Return all 256 sequences after one past."""
    sound = np.array(list(itertools.product(range(CLASSES), repeat=STEPS)))
    return Clips(np.tile(past, (len(sound), 1)), sound)


def log2_conditionals(model: WaveNet, clips: Clips, temperature: float = 1.0) -> np.ndarray:
    """Return log2 of all conditionals, (clips, steps, classes), computed step by step."""
    found = np.zeros((*clips.sound.shape, CLASSES))
    for step in range(clips.sound.shape[1]):
        seen = np.concatenate([clips.past, clips.sound[:, :step]], 1)[:, -model.receptive_field :]
        logits = model(torch.from_numpy(seen))[:, -1].double() / temperature
        found[:, step] = logits.log_softmax(-1).numpy() / np.log(2)
    return found


def log2_of(conditionals: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """Return log2 of the probability of each sequence."""
    return np.asarray(np.take_along_axis(conditionals, sound[..., None], -1)[..., 0].sum(1))


@pytest.mark.parametrize("number", range(len(TEMPERATURES)))
def test_expectations_agree_with_the_sum_over_all_sequences(
    p: WaveNet, q: WaveNet, every: Clips, number: int
) -> None:
    log_p = log2_of(log2_conditionals(p, every), every.sound)
    log_q = log2_of(log2_conditionals(q, every, TEMPERATURES[number]), every.sound)
    assert np.exp2(log_p).sum() == pytest.approx(1.0)
    forward, reverse = np.exp2(log_p) @ (log_p - log_q), np.exp2(log_q) @ (log_q - log_p)
    assert min(forward, reverse) > 0.2, "the models are too similar for this test"
    sums = divergences(p, q, every, TEMPERATURES)[number]
    np.testing.assert_allclose(sums.log_ratio, log_p - log_q, atol=1e-5)
    np.testing.assert_allclose(sums.surprise, -log_p, atol=1e-5)
    assert np.exp2(log_p) @ sums.forward == pytest.approx(forward, abs=1e-5)
    assert np.exp2(log_q) @ sums.reverse == pytest.approx(reverse, abs=1e-5)


def test_a_sum_over_classes_has_less_variance_than_the_drawn_classes(
    p: WaveNet, q: WaveNet, every: Clips
) -> None:
    probability = np.exp2(log2_of(log2_conditionals(p, every), every.sound))
    (sums,) = divergences(p, q, every)

    def variance(values: np.ndarray) -> float:
        return float(probability @ values**2 - (probability @ values) ** 2)

    assert variance(sums.forward) < 0.5 * variance(sums.log_ratio)


def test_shannon_is_the_jensen_shannon_divergence_of_the_conditionals(
    p: WaveNet, q: WaveNet, every: Clips
) -> None:
    p_rows, q_rows = np.exp2(log2_conditionals(p, every)), np.exp2(log2_conditionals(q, every))

    def entropy(rows: np.ndarray) -> np.ndarray:
        return np.asarray(-(rows * np.log2(rows)).sum(-1))

    by_hand = (entropy((p_rows + q_rows) / 2) - (entropy(p_rows) + entropy(q_rows)) / 2).sum(1)
    (forward,) = divergences(p, q, every)
    (backward,) = divergences(q, p, every)
    np.testing.assert_allclose(forward.shannon, by_hand, atol=1e-5)
    np.testing.assert_allclose(backward.shannon, forward.shannon, atol=1e-5)
    assert (forward.shannon <= STEPS).all()


@pytest.mark.parametrize("number", range(len(TEMPERATURES)))
def test_drawn_clips_agree_with_the_sum_over_all_sequences(
    p: WaveNet, q: WaveNet, past: np.ndarray, every: Clips, number: int
) -> None:
    temperature = TEMPERATURES[number]
    log_p = log2_of(log2_conditionals(p, every), every.sound)
    log_q = log2_of(log2_conditionals(q, every, temperature), every.sound)
    exact = np.exp2(log_q) @ (log_q - log_p)
    config = SamplingConfig(seed=3, temperature=temperature, threads=1)
    sound = draw(q, clips=2000, steps=STEPS, prompt=past, config=config, zero_class=0)
    (sums,) = divergences(p, q, Clips(np.tile(past, (2000, 1)), sound), (temperature,))
    for values in (sums.reverse, -sums.log_ratio):
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - exact) < 4 * error
    assert abs(sums.reverse.mean() - exact) < 0.1 * exact


def test_windows_do_not_change_the_divergences_of_long_clips(
    p: WaveNet, q: WaveNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    clips = Clips(rng.integers(CLASSES, size=(3, 20)), rng.integers(CLASSES, size=(3, 50)))
    (whole,) = divergences(p, q, clips)
    monkeypatch.setattr(divergence, "WINDOW", 7)
    (cut,) = divergences(p, q, clips)
    for name in ("surprise", "log_ratio", "forward", "reverse", "shannon"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-4)


def test_a_high_temperature_has_the_divergence_from_a_uniform_distribution(p: WaveNet, every: Clips) -> None:
    conditionals = log2_conditionals(p, every)
    entropy = -(np.exp2(conditionals) * conditionals).sum((1, 2))
    (sums,) = divergences(p, p, every, (1e6,))
    np.testing.assert_allclose(sums.forward, STEPS * np.log2(CLASSES) - entropy, atol=1e-3)


def test_a_short_past_and_nan_are_refused(p: WaveNet, every: Clips, four_classes: Make) -> None:
    with pytest.raises(PartitaError, match="the past has 3 samples, a receptive field has 8"):
        divergences(p, p, Clips(every.past[:, :3], every.sound))
    broken = four_classes(2, 2)
    with torch.no_grad():
        broken.end1_bias.fill_(torch.nan)
    with pytest.raises(PartitaError, match="not finite"):
        divergences(p, broken, every)


def test_log_ratios_agree_with_a_computation_step_by_step(
    p: WaveNet, q: WaveNet, every: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(divergence, "WINDOW", 3)
    expected = [
        np.take_along_axis(log2_conditionals(model, every), every.sound[..., None], -1)[..., 0]
        for model in (p, q)
    ]
    np.testing.assert_allclose(
        log_ratios(p, q, every) / np.log(2), expected[0] - expected[1], rtol=1e-4, atol=1e-5
    )
