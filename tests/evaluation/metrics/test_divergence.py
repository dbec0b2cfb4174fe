"""Held to the sum over all sequences, which four classes and four samples allow."""

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
    """All 256 sequences after one past."""
    sound = np.array(list(itertools.product(range(CLASSES), repeat=STEPS)))
    return Clips(np.tile(past, (len(sound), 1)), sound)


def log2_conditionals(model: WaveNet, clips: Clips, temperature: float = 1.0) -> np.ndarray:
    """Return log2 of all conditionals, (clips, steps, classes), one step after the other."""
    found = np.zeros((*clips.sound.shape, CLASSES))
    for step in range(clips.sound.shape[1]):
        seen = np.concatenate([clips.past, clips.sound[:, :step]], 1)[:, -model.receptive_field :]
        logits = model(torch.from_numpy(seen))[:, -1].double() / temperature
        found[:, step] = logits.log_softmax(-1).numpy() / np.log(2)
    return found


def log2_of(conditionals: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """Return log2 of the probability of each sequence."""
    return np.take_along_axis(conditionals, sound[..., None], -1)[..., 0].sum(1)


@pytest.mark.parametrize("number", range(len(TEMPERATURES)))
def test_expectations_are_the_divergences_summed_over_all_sequences(
    p: WaveNet, q: WaveNet, every: Clips, number: int
) -> None:
    log_p = log2_of(log2_conditionals(p, every), every.sound)
    log_q = log2_of(log2_conditionals(q, every, TEMPERATURES[number]), every.sound)
    assert np.exp2(log_p).sum() == pytest.approx(1.0)
    forward, reverse = np.exp2(log_p) @ (log_p - log_q), np.exp2(log_q) @ (log_q - log_p)
    assert min(forward, reverse) > 0.2, "the example says nothing"
    sums = divergences(p, q, every, TEMPERATURES)[number]
    np.testing.assert_allclose(sums.log_ratio, log_p - log_q, atol=1e-5)
    np.testing.assert_allclose(sums.surprise, -log_p, atol=1e-5)
    assert np.exp2(log_p) @ sums.forward == pytest.approx(forward, abs=1e-5)
    assert np.exp2(log_q) @ sums.reverse == pytest.approx(reverse, abs=1e-5)


def test_a_sum_over_classes_spreads_less_than_what_was_drawn(p: WaveNet, q: WaveNet, every: Clips) -> None:
    chance = np.exp2(log2_of(log2_conditionals(p, every), every.sound))
    (sums,) = divergences(p, q, every)

    def variance(values: np.ndarray) -> float:
        return float(chance @ values**2 - (chance @ values) ** 2)

    assert variance(sums.forward) < 0.5 * variance(sums.log_ratio)


def test_shannon_is_that_of_the_conditionals(p: WaveNet, q: WaveNet, every: Clips) -> None:
    ours, theirs = np.exp2(log2_conditionals(p, every)), np.exp2(log2_conditionals(q, every))

    def entropy(rows: np.ndarray) -> np.ndarray:
        return -(rows * np.log2(rows)).sum(-1)

    by_hand = (entropy((ours + theirs) / 2) - (entropy(ours) + entropy(theirs)) / 2).sum(1)
    (there,) = divergences(p, q, every)
    (back,) = divergences(q, p, every)
    np.testing.assert_allclose(there.shannon, by_hand, atol=1e-5)
    np.testing.assert_allclose(back.shannon, there.shannon, atol=1e-5)
    assert (there.shannon <= STEPS).all()


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


def test_long_clips_are_cut_into_windows_that_change_nothing(
    p: WaveNet, q: WaveNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    clips = Clips(rng.integers(CLASSES, size=(3, 20)), rng.integers(CLASSES, size=(3, 50)))
    (whole,) = divergences(p, q, clips)
    monkeypatch.setattr(divergence, "WINDOW", 7)
    (cut,) = divergences(p, q, clips)
    for name in ("surprise", "log_ratio", "forward", "reverse", "shannon"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-4)


def test_a_flat_temperature_leaves_the_logarithm_of_the_classes_less_the_entropy(
    p: WaveNet, every: Clips
) -> None:
    conditionals = log2_conditionals(p, every)
    entropy = -(np.exp2(conditionals) * conditionals).sum((1, 2))
    (sums,) = divergences(p, p, every, (1e6,))
    np.testing.assert_allclose(sums.forward, STEPS * np.log2(CLASSES) - entropy, atol=1e-3)


def test_mistakes_are_named(p: WaveNet, every: Clips, four_classes: Make) -> None:
    with pytest.raises(PartitaError, match="the past has 3 samples, a model sees 8"):
        divergences(p, p, Clips(every.past[:, :3], every.sound))
    broken = four_classes(2, 2)
    with torch.no_grad():
        broken.end1_bias.fill_(torch.nan)
    with pytest.raises(PartitaError, match="not finite"):
        divergences(p, broken, every)


def test_the_log_ratio_of_every_sample_is_that_of_one_step_after_the_other(
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
