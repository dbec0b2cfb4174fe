"""Rewards: a logit is distributed over exactly the samples that it depends on."""

import pytest
import torch

from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
from partita.training.judges.rewards import spread_over_samples


@pytest.mark.parametrize("layers", [1, 3])
def test_a_reward_goes_to_the_samples_that_the_logit_depends_on(layers: int) -> None:
    shape = PatchGANConfig(layers=layers, channels=4, normalisation="none")
    discriminator, samples = PatchGAN(shape, generator=torch.Generator().manual_seed(0)).double(), 6 << layers
    with torch.no_grad():
        for weight in (*discriminator.kernels, discriminator.last):
            weight.uniform_(0.5, 1.0, generator=torch.Generator().manual_seed(1))
    sound = torch.rand(1, samples, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    sound.requires_grad_()
    logits = discriminator(sound)[-1]
    for patch in range(logits.shape[1]):
        influence = torch.autograd.grad(logits[0, patch], sound, retain_graph=True)[0][0] != 0
        one = torch.zeros_like(logits.detach())
        one[0, patch] = 1.0
        shared = spread_over_samples(one, samples, patch=shape.receptive_field)[0]
        assert torch.equal(shared.abs() > 1e-9, influence), patch
        assert shared.sum().item() == pytest.approx(1.0)
