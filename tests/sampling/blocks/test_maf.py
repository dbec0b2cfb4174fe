"""Clips of a masked autoregressive flow: their density has their noise, and they continue their prompts."""

import numpy as np
import pytest
import torch
from flows import LAYOUT, conditions_of, flow_of
from scipy.special import ndtri

from partita.audio.features.layout import FrameLayout
from partita.errors import PartitaError
from partita.models.flows.maf import dequantised
from partita.sampling.blocks.inverse import inverted
from partita.sampling.blocks.maf import MAFStream
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import GivenFrames
from partita.sampling.uniforms import uniforms


@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("flows", [1, 2, 3])
@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_the_density_of_what_is_drawn_has_the_noise(
    flows: int, layout: FrameLayout | None, kernel: int
) -> None:
    model = flow_of(flows=flows, layout=layout, kernel=kernel)
    random = torch.Generator().manual_seed(0)
    past = 0.5 * torch.randn(2, model.receptive_field, generator=random, dtype=torch.float64)
    noise = 2.0 * torch.randn(2, 150, generator=random, dtype=torch.float64)
    noise[0, 5] = 7.0  # beyond the spline
    conditions = None if layout is None else conditions_of(2, model.receptive_field + 150)
    sound = inverted(model, past, noise, conditions, threads=2)
    with torch.no_grad():
        found = model(torch.cat([past, sound], 1), conditions).noise
    torch.testing.assert_close(found, noise, rtol=0, atol=1e-9)


def test_windows_follow_each_other_and_the_prompt() -> None:
    model = flow_of(window=30)
    prompt = np.random.default_rng(0).integers(100, 156, model.receptive_field + 5)
    stream = MAFStream(
        model, prompt=prompt, clips=2, config=SamplingConfig(seed=3, temperature=0.5), zero_class=128
    )
    first, second = (torch.from_numpy(stream._next_values().astype(np.float64)) for _ in range(2))
    field = model.receptive_field
    within = torch.from_numpy(uniforms(3, 2, 0, field))
    past = dequantised(torch.from_numpy(prompt[-field:]).expand(2, -1), within, 256)
    with torch.no_grad():
        for window, start in ((first, field), (second, field + 30)):
            noise = 0.5 * torch.from_numpy(ndtri(uniforms(3, 2, start, 30)))
            found = model(torch.cat([past, window], 1)).noise
            torch.testing.assert_close(found, noise, rtol=0, atol=1e-3)  # the values were rounded to float32
            past = torch.cat([past, window], 1)[:, 30:]


def test_clips_do_not_depend_on_each_other_or_on_how_many_samples_are_taken() -> None:
    model = flow_of(window=30)
    whole = MAFStream(model, clips=3, zero_class=128).take(100)
    stream = MAFStream(model, clips=3, config=SamplingConfig(threads=2), zero_class=128)
    parts = [stream.take(steps) for steps in (1, 46, 0, 53)]
    assert np.array_equal(np.concatenate(parts, 1), whole)
    assert stream.position == 100
    assert np.array_equal(MAFStream(model, clips=1, zero_class=128).take(100), whole[:1])
    other = MAFStream(model, clips=1, config=SamplingConfig(seed=1), zero_class=128).take(100)
    assert not np.array_equal(other, whole[:1])


def test_the_frames_move_the_clips_and_one_row_stands_for_all() -> None:
    model = flow_of(window=30, layout=LAYOUT)
    frames = conditions_of(2, 400).frames.numpy()
    each = MAFStream(model, clips=2, zero_class=128, conditions=GivenFrames(frames, first=-4)).take(60)
    same = MAFStream(model, clips=2, zero_class=128, conditions=GivenFrames(frames[:1], first=-4)).take(60)
    assert np.array_equal(each[0], same[0])
    assert not np.array_equal(each[1], same[1])
    with pytest.raises(PartitaError, match="the model has a condition: give the frames"):
        MAFStream(model, zero_class=128)


@pytest.mark.parametrize("setting", [{"top_k": 3}, {"top_p": 0.5}, {"precision": "int8"}])
def test_settings_for_probabilities_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(PartitaError, match=f"`{next(iter(setting))}`"):
        MAFStream(flow_of(), config=SamplingConfig(**setting), zero_class=128)  # type: ignore[arg-type]
