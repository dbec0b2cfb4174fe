"""The generator of a GAN: lengths, what a sample depends on, and the first weights."""

import pytest
import torch

from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.models.waveform_gan import GANConfig, WaveformGAN

SMALL = GANConfig(latents=4, channels=16, layers=2, factors=(2, 4))


def make(shape: GANConfig = SMALL, seed: int = 0) -> WaveformGAN:
    return WaveformGAN(SIZES["tiny"], shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("shape", [SMALL, GANConfig(latents=2, channels=8, layers=1, factors=(3, 5, 2))])
def test_each_frame_but_the_margin_becomes_a_hop(shape: GANConfig) -> None:
    frames = shape.margin + 5
    sound = make(shape)(torch.randn(2, shape.latents, frames, dtype=torch.float64))
    assert sound.shape == (2, 5 * shape.hop_length)
    assert sound.abs().max() < 1.0


def test_a_hop_depends_on_no_frames_but_those_of_its_margin() -> None:
    noise = torch.randn(1, SMALL.latents, SMALL.margin + 6, dtype=torch.float64, requires_grad=True)
    hop = SMALL.hop_length
    sound = make()(noise)[0]
    for number in (0, 3, 5):
        part = sound[number * hop : (number + 1) * hop].sum()
        (slope,) = torch.autograd.grad(part, noise, retain_graph=True)
        reached = slope[0].abs().sum(0).nonzero().flatten()
        assert reached.min() >= number
        assert reached.max() <= number + SMALL.margin
        assert len(reached) >= SMALL.margin - 1  # the margin is no longer than it must be


def test_a_part_is_the_same_as_that_part_of_a_long_clip() -> None:
    model, noise = make(), torch.randn(1, SMALL.latents, SMALL.margin + 20, dtype=torch.float64)
    whole, part = model(noise), model(noise[..., 7 : 7 + SMALL.margin + 3])
    torch.testing.assert_close(part, whole[:, 7 * SMALL.hop_length : 10 * SMALL.hop_length])


def test_the_first_weights_follow_from_the_random_stream_and_give_sound_of_a_usual_level() -> None:
    shape = GANConfig()
    network = WaveformGAN(SIZES["tiny"], shape, generator=torch.Generator().manual_seed(0))
    again = WaveformGAN(SIZES["tiny"], shape, generator=torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    assert 3e5 < sum(parameter.numel() for parameter in network.parameters()) < 1e6
    with torch.no_grad():
        level = network(torch.randn(1, shape.latents, shape.margin + 16)).std()
    assert 0.02 < level < 0.3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latents": 0}, "`latents` is 0: give a whole number of at least 1"),
        ({"factors": (1, 4)}, r"`factors` is \(1, 4\): give 1 to 16 numbers, each from 2 to 64"),
        ({"factors": (64, 64, 64)}, r"with the product 262144: give at most 16384"),
    ],
)
def test_values_out_of_range_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        GANConfig(**changes)  # type: ignore[arg-type]
