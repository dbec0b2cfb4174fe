"""Clips of a GAN: addressed noise, blocks that fit together, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.waveform_gan import GANConfig, WaveformGAN
from partita.sampling.blocks import gan
from partita.sampling.blocks.choice import draw_from, source_of
from partita.sampling.blocks.gan import GANStream
from partita.sampling.config import SamplingConfig
from partita.sampling.uniforms import uniforms

CLASSES = 65535


@pytest.fixture(scope="module")
def model() -> WaveformGAN:
    network = replace(SIZES["tiny"], head="gaussian", classes=CLASSES)
    shape = GANConfig(latents=4, channels=16, layers=2, factors=(2, 4))
    made = WaveformGAN(network, shape, generator=torch.Generator().manual_seed(0))
    return made.eval().requires_grad_(False)


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan, "BLOCK", 100)


def test_blocks_fit_together_to_one_long_pass(model: WaveformGAN) -> None:
    shape, hops = model.shape, 50
    drawn = GANStream(model, clips=3, config=SamplingConfig(seed=5, temperature=0.7)).take(
        hops * shape.hop_length
    )
    frames = hops + shape.margin
    noise = 0.7 * ndtri(uniforms(5, 3, 0, frames * shape.latents)).reshape(3, frames, shape.latents)
    whole = model(torch.from_numpy(noise.transpose(0, 2, 1).astype(np.float32))).numpy()
    places = (whole + 1.0) * 0.5 * (CLASSES - 1)
    assert np.abs(drawn - places).max() < 0.6  # rounding, and sums in another order
    assert whole.std() > 0.01


def test_clips_depend_on_their_number_and_seed_alone(model: WaveformGAN) -> None:
    many = GANStream(model, clips=3, config=SamplingConfig(seed=5, threads=2)).take(301)
    stream = GANStream(model, clips=2, config=SamplingConfig(seed=5, threads=1))
    parts = np.concatenate([stream.take(steps) for steps in (1, 7, 200, 93)], 1)
    assert np.array_equal(many[:2], parts)
    assert stream.position == 301
    assert not np.array_equal(many[0], many[1])
    assert not np.array_equal(many, GANStream(model, clips=3, config=SamplingConfig(seed=6)).take(301))


def test_a_prompt_is_refused_or_ignored(model: WaveformGAN) -> None:
    prompt = np.full((1, 9), CLASSES // 2, np.uint16)
    with pytest.raises(PartitaError, match="continues no prompt: leave `--prime` out"):
        source_of(model, prompt=prompt, zero_class=0)
    drawn = draw_from(model, prompt=prompt, steps=20, zero_class=0)  # what evaluation and previews use
    assert np.array_equal(drawn, GANStream(model).take(20))


@pytest.mark.parametrize(
    "settings", [{"top_k": 3}, {"top_p": 0.9}, {"precision": "int8"}, {"device": "cuda"}]
)
def test_settings_without_an_effect_are_refused(model: WaveformGAN, settings: dict[str, str]) -> None:
    with pytest.raises(PartitaError, match=f"`{next(iter(settings))}`"):
        GANStream(model, config=SamplingConfig(**settings))  # type: ignore[arg-type]
