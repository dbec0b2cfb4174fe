"""Places are drawn evenly among those with a whole clip behind them, and rewards reach the samples heard."""

import pytest
import torch

from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
from partita.training.judges.rewards import spread
from partita.training.rollouts.clip_starts import cut_places
from partita.training.schedule import clip_length


def test_places_are_even_and_inside_what_is_valid() -> None:
    context, targets, length = 5, 20, 8
    classes = torch.arange(3 * (context + targets)).view(3, -1)
    valid = torch.ones(3, targets, dtype=torch.bool)
    valid[1, 10:] = False  # three places
    valid[2, 6:] = False  # none
    cut = cut_places(classes, valid, clips=16_000, length=length, random=torch.Generator().manual_seed(0))
    assert torch.equal(cut.past[:, -1] + 1, cut.real[:, 0])
    assert torch.equal(cut.real[:, 0] + length - 1, cut.real[:, -1])
    first = cut.real[:, 0]
    expected = [*range(5, 18), *range(30, 33)]
    assert first.unique().tolist() == expected
    counts = torch.bincount(first)[expected]
    assert (counts - 1000).abs().max() < 150  # over four standard errors


def test_short_windows_make_short_clips() -> None:
    valid = torch.zeros(2, 20, dtype=torch.bool)
    valid[0, :3] = valid[1, :4] = True
    cut = cut_places(torch.zeros(2, 25, dtype=torch.long), valid, clips=4, length=8, random=torch.Generator())
    assert cut.real.shape == (4, 4)
    assert cut.past.shape == (4, 5)


@pytest.mark.parametrize("layers", [1, 3])
def test_a_reward_goes_to_the_samples_that_the_logit_depends_on(layers: int) -> None:
    shape = PatchGANConfig(layers=layers, channels=4, normalisation="none")
    judge, samples = PatchGAN(shape, generator=torch.Generator().manual_seed(0)).double(), 6 << layers
    with torch.no_grad():
        for weight in (*judge.kernels, judge.last):
            weight.uniform_(0.5, 1.0, generator=torch.Generator().manual_seed(1))
    sound = torch.rand(1, samples, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    sound.requires_grad_()
    logits = judge(sound)[-1]
    for patch in range(logits.shape[1]):
        heard = torch.autograd.grad(logits[0, patch], sound, retain_graph=True)[0][0] != 0
        one = torch.zeros_like(logits.detach())
        one[0, patch] = 1.0
        shared = spread(one, samples, patch=shape.receptive_field)[0]
        assert torch.equal(shared.abs() > 1e-9, heard), patch
        assert shared.sum().item() == pytest.approx(1.0)


def test_clips_grow_to_their_length_and_stay() -> None:
    lengths = [clip_length(n / 100, shortest=64, longest=1024, growth=0.5) for n in range(101)]
    assert lengths == sorted(lengths)
    assert set(lengths) == {64, 128, 256, 512, 1024}
    assert lengths[50] == 1024
    assert clip_length(0.0, shortest=64, longest=1024, growth=0.0) == 1024
    assert clip_length(0.0, shortest=64, longest=64, growth=0.5) == 64
