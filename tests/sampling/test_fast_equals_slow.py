"""The compiled sampler against the model itself in float64, along the samples that the sampler drew."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from exact_sampling import ODD, cached_loop, exact_probabilities, expected_classes, peaked_model

from partita.device import thread_limit
from partita.models.sizes import SIZES, WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.llvm.narrow_matmul import SHARED, SINGLE
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.cpu import packing
from partita.sampling.precision import PRECISIONS, rounded
from partita.sampling.stream import Stream, draw
from partita.sampling.uniforms import uniforms

ERROR = 1e-4
ONE_LAYER = WaveNetConfig(
    blocks=1, layers=1, residual_channels=5, dilation_channels=3, skip_channels=7, end_channels=4, classes=11
)


def check(
    model: WaveNet, config: SamplingConfig, *, clips: int, steps: int, truncated: float = 0.0
) -> np.ndarray:
    """Assert that fast equals slow; `truncated` is the share of samples whose last kept class may differ."""
    generator = np.random.default_rng(5)
    classes = model.config.classes
    prompt = generator.integers(0, classes, (clips, model.receptive_field))
    fast = Stream(model, prompt=prompt, clips=clips, config=config, zero_class=classes // 2)
    seen = np.empty((clips, steps, classes), np.float32)
    drawn = fast.take(steps, probabilities=seen)
    exact = exact_probabilities(rounded(model, config.precision), np.concatenate([prompt, drawn], 1), config)
    error = np.abs(seen - exact).max(-1)
    assert (error > ERROR).mean() <= truncated
    u = uniforms(config.seed, clips, 0, steps)
    expected, near = expected_classes(exact, u, config, error=ERROR)
    same = expected == drawn
    assert (same | near | (error > ERROR)).all()
    assert (~same).mean() < 1e-3
    return np.asarray(exact)


@pytest.mark.parametrize("clips", [1, 3])
@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("size", ["tiny", "small", pytest.param("wide", marks=pytest.mark.slow)])
def test_every_size_and_kernel(size: str, kernel: int, clips: int) -> None:
    config = dataclasses.replace(SIZES[size], kernel_size=kernel)
    exact = check(peaked_model(config), SamplingConfig(seed=kernel), clips=clips, steps=400)
    entropy = -(exact * np.log2(np.maximum(exact, 1e-30))).sum(-1).mean()
    assert 1.0 < entropy < 7.0


@pytest.mark.parametrize(("size", "steps"), [("wide", 300), ("published", 60)])
def test_large_networks(size: str, steps: int) -> None:
    check(peaked_model(SIZES[size]), SamplingConfig(), clips=2, steps=steps)


@pytest.mark.slow
@pytest.mark.parametrize("clips", [1, 2])
def test_published(clips: int) -> None:
    check(peaked_model(SIZES["published"]), SamplingConfig(), clips=clips, steps=200)


@pytest.mark.parametrize("clips", [1, 2, 7, 13])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_channels_that_are_no_multiple_of_16(precision: Precision, kernel: int, clips: int) -> None:
    config = dataclasses.replace(ODD, kernel_size=kernel)
    check(peaked_model(config), SamplingConfig(threads=1, precision=precision), clips=clips, steps=300)


@pytest.mark.parametrize("clips", [1, 7])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_blocks_for_machines_with_short_registers(
    precision: Precision, clips: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "wide_registers", lambda: False)
    check(peaked_model(ODD), SamplingConfig(threads=1, precision=precision), clips=clips, steps=200)


@pytest.mark.parametrize("wide", [True, False])
def test_every_block_that_packing_uses_is_compiled(wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing block would be undefined behaviour."""
    monkeypatch.setattr(packing, "wide_registers", lambda: wide)
    single = {block[:3] for block in SINGLE}
    shared = {(block[0], block[1]) for block in SHARED}
    for outputs in range(1, 3000):
        panels = packing.panels_for(outputs)
        block, chains = packing.block_for(panels, 1), packing.chains_for(panels)
        for done in range(0, panels, block):
            assert (min(block, panels - done), 1, chains) in single
        for clips in range(2, 60):
            together = packing.columns_for(clips)
            tiles = -(-clips // together)
            sizes = {(tile + 1) * clips // tiles - tile * clips // tiles for tile in range(tiles)}
            assert {(packing.block_for(panels, together), size) for size in sizes} <= shared


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize(("size", "steps"), [("tiny", 400), ("small", 300), ("wide", 150), ("published", 30)])
def test_rounded_weights(size: str, steps: int, precision: Precision) -> None:
    check(peaked_model(SIZES[size]), SamplingConfig(precision=precision), clips=1, steps=steps)


@pytest.mark.parametrize("clips", [1, 2])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_one_layer(precision: Precision, clips: int) -> None:
    check(peaked_model(ONE_LAYER), SamplingConfig(precision=precision), clips=clips, steps=300)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.05},
        {"temperature": 0.3},
        {"temperature": 3.0},
        {"top_k": 1},
        {"top_k": 7},
        {"top_k": 256},
        {"top_p": 0.5},
        {"top_p": 0.999},
        {"top_p": 1e-9},
        {"temperature": 1.5, "top_k": 40, "top_p": 0.8},
    ],
    ids=str,
)
def test_every_shape_of_the_distribution(options: dict[str, Any]) -> None:
    config = SamplingConfig(seed=11, **options)
    # if two classes are within rounding of the threshold, either may be kept
    exact = check(peaked_model(SIZES["tiny"]), config, clips=2, steps=1500, truncated=1e-3)
    if config.top_k is not None:
        assert (exact > 0).sum(-1).max() <= config.top_k


def test_equal_classes_are_kept_lowest_first() -> None:
    model = WaveNet(SIZES["tiny"])
    with torch.no_grad():
        model.end2.zero_()  # all classes have the same logit
    seen = np.empty((1, 2, 256), np.float32)
    Stream(model, config=SamplingConfig(top_k=3), zero_class=128).take(2, probabilities=seen)
    assert np.flatnonzero(seen[0, 1]).tolist() == [0, 1, 2]
    Stream(model, config=SamplingConfig(top_p=0.5), zero_class=128).take(2, probabilities=seen)
    assert np.flatnonzero(seen[0, 1]).tolist() == list(range(128))


def test_equals_the_plain_loop() -> None:
    model = peaked_model(SIZES["tiny"])
    history = np.full((2, model.receptive_field), 128)
    with thread_limit(1):  # products this small are slower with several threads
        slow = cached_loop(model, history, steps=4096, config=SamplingConfig(seed=4))
    fast = draw(model, clips=2, steps=4096, config=SamplingConfig(seed=4), zero_class=128)
    assert (slow == fast).all()


@pytest.mark.parametrize(
    "options", [{"smoothing": 3.0}, {"smoothing": 40.0, "temperature": 0.7, "top_p": 0.9}]
)
@pytest.mark.parametrize("network", [ODD, SIZES["tiny"]], ids=["odd", "tiny"])
def test_smoothed_draws(network: WaveNetConfig, options: dict[str, float]) -> None:
    model = peaked_model(network)
    config = SamplingConfig(seed=2, **options)  # type: ignore[arg-type]
    check(model, config, clips=3, steps=200)
    plain = dataclasses.replace(config, smoothing=0.0)
    drawn, sharp = (
        draw(model, clips=2, steps=200, config=one, zero_class=network.classes // 2)
        for one in (config, plain)
    )
    assert (drawn != sharp).mean() > 0.2
