"""Clips of an inverse autoregressive flow: blocks equal one whole pass, and clips do not depend on others."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.iaf import IAF, IAFConfig
from partita.models.sizes import SIZES
from partita.sampling.blocks.iaf import ROW, ROWS, IAFStream
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.uniforms import uniforms

LAYOUT = FrameLayout(hop_length=32, bands=3, sample_rate=4000)
SHAPE = IAFConfig(flows=2, layers=4, channels=16, condition_channels=8, multiples=2)
STEPS = ROW * ROWS + 700


@pytest.fixture(scope="module")
def model() -> IAF:
    network = replace(SIZES["tiny"], condition=LAYOUT, classes=65535, head="gaussian")
    found = IAF(network, SHAPE, generator=torch.Generator().manual_seed(0))
    return found.eval().requires_grad_(False)


def frames(clips: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rng = np.random.default_rng(0)
    found = rng.standard_normal((clips, STEPS // 32 + 20, 5)).astype(np.float32)
    found[..., 3], found[..., 4] = 60.0 + 3.0 * np.arange(clips)[:, None], 0.9
    return found


def clips_of(model: IAF, clips: int, *takes: int, **settings: float) -> np.ndarray[tuple[int, ...], np.dtype]:
    config = SamplingConfig(seed=5, threads=2, **settings)  # type: ignore[arg-type]
    stream = IAFStream(model, clips=clips, config=config, conditions=GivenFrames(frames(clips), first=-5))
    return np.concatenate([stream.take(steps) for steps in takes], 1)


def test_blocks_equal_one_whole_pass(model: IAF) -> None:
    """Across the end of the rows and of the block too, where noise, frames and phase go on."""
    drawn = clips_of(model, 1, STEPS)
    field = model.receptive_field
    shift = math.ceil(field / ROW) * ROW
    noise = torch.from_numpy(ndtri(uniforms(5, 1, shift - field, field + STEPS)).astype(np.float32))
    given = Conditions(torch.from_numpy(frames(1)), torch.tensor([5 * 32 - field]))
    sines = model.sines(model.turns(given, samples=field + STEPS, before=torch.zeros(1)))
    values = model(noise, given, sines).values.clamp(-1.0, 1.0).double().numpy()
    classes = np.floor((values + 1.0) * (0.5 * 65534) + 0.5)
    assert np.abs(drawn - classes).max() <= 1  # of 65,535 classes: sums are rounded in another order


@pytest.mark.parametrize(
    ("condition", "shape"),
    [
        (None, IAFConfig(flows=1, layers=1, channels=5)),
        (None, IAFConfig(flows=3, layers=2, channels=16)),
        (
            FrameLayout(hop_length=32, labels=("digit=1", "digit=2")),
            IAFConfig(flows=2, layers=3, channels=20),
        ),
        (
            FrameLayout(hop_length=48, bands=3),
            IAFConfig(flows=2, layers=3, channels=8),
        ),  # of an older teacher
        (FrameLayout(hop_length=48, bands=3, sample_rate=4000), IAFConfig(flows=2, layers=3, multiples=0)),
    ],
    ids=["one layer", "nothing", "labels", "no rate", "no sines"],
)
def test_the_compiled_pass_equals_the_network(condition: FrameLayout | None, shape: IAFConfig) -> None:
    network = replace(SIZES["tiny"], condition=condition, classes=65535, head="gaussian")
    model = IAF(network, replace(shape, condition_channels=8), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for flow in model.flows:
            flow.end_bias[1] = -2.0  # type: ignore[operator]
    model.eval().requires_grad_(False)
    steps, field = 700, model.receptive_field
    columns = 1 if condition is None else condition.columns
    given = np.random.default_rng(0).standard_normal((1, steps // 32 + 20, columns)).astype(np.float32)
    config = SamplingConfig(seed=9)
    drawn = IAFStream(model, config=config, conditions=GivenFrames(given, first=-4)).take(steps)
    shift = math.ceil(field / ROW) * ROW
    noise = torch.from_numpy(ndtri(uniforms(9, 1, shift - field, field + steps)).astype(np.float32))
    conditions = None
    if condition is not None:
        start = torch.tensor([4 * condition.hop_length - field])
        conditions = Conditions(torch.from_numpy(given), start)
    sines = model.sines(model.turns(conditions, samples=field + steps, before=torch.zeros(1)))
    values = model(noise, conditions, sines).values.clamp(-1.0, 1.0).double().numpy()
    classes = np.floor((values + 1.0) * (0.5 * 65534) + 0.5)
    assert np.abs(drawn - classes).max() <= 1 and len(np.unique(drawn)) > 50


def test_a_clip_depends_neither_on_the_takes_nor_on_other_clips(model: IAF) -> None:
    whole = clips_of(model, 3, STEPS)
    assert np.array_equal(whole, clips_of(model, 3, 1, 99, STEPS - 100))
    assert np.abs(whole[:1].astype(int) - clips_of(model, 1, STEPS).astype(int)).max() <= 1
    assert not np.array_equal(whole[0], whole[1])


def test_one_row_of_frames_stands_for_all_clips(model: IAF) -> None:
    source = GivenFrames(frames(1), first=-5)
    drawn = IAFStream(model, clips=2, config=SamplingConfig(seed=5), conditions=source).take(300)
    assert np.array_equal(drawn[0], clips_of(model, 1, 300)[0]) and not np.array_equal(drawn[0], drawn[1])


def test_the_temperature_scales_the_noise(model: IAF) -> None:
    loud, soft = (clips_of(model, 1, 4000, temperature=value).astype(float) for value in (1.0, 0.5))
    assert np.diff(soft).std() < 0.8 * np.diff(loud).std()


def test_settings_for_other_models_are_refused(model: IAF) -> None:
    for settings, words in (
        ({"top_k": 3}, "`top_k` keeps some"),
        ({"top_p": 0.5}, "`top_p` keeps some"),
        ({"device": "cuda"}, "`device` is 'cuda'"),
        ({"precision": "int8"}, "`precision` is 'int8'"),
    ):
        with pytest.raises(PartitaError, match=words):
            IAFStream(model, config=SamplingConfig(**settings), conditions=GivenFrames(frames(1)))
    with pytest.raises(PartitaError, match="the model has a condition"):
        IAFStream(model)
    with pytest.raises(PartitaError, match="`clips` is 0"):
        IAFStream(model, clips=0, conditions=GivenFrames(frames(1)))
