"""Cuts are uniform over all positions whose whole continuation is valid."""

import torch

from partita.training.rollouts.clip_starts import cut_clips


def test_cuts_are_uniform_and_inside_the_valid_targets() -> None:
    context, targets, length = 5, 20, 8
    classes = torch.arange(3 * (context + targets)).view(3, -1)
    valid = torch.ones(3, targets, dtype=torch.bool)
    valid[1, 10:] = False  # three positions
    valid[2, 6:] = False  # none
    past, real = cut_clips(classes, valid, clips=16_000, length=length, rng=torch.Generator().manual_seed(0))
    assert torch.equal(past[:, -1] + 1, real[:, 0])
    assert torch.equal(real[:, 0] + length - 1, real[:, -1])
    first = real[:, 0]
    expected = [*range(5, 18), *range(30, 33)]
    assert first.unique().tolist() == expected
    counts = torch.bincount(first)[expected]
    assert (counts - 1000).abs().max() < 150  # over four standard errors


def test_few_valid_targets_give_short_clips() -> None:
    valid = torch.zeros(2, 20, dtype=torch.bool)
    valid[0, :3] = valid[1, :4] = True
    past, real = cut_clips(
        torch.zeros(2, 25, dtype=torch.long), valid, clips=4, length=8, rng=torch.Generator()
    )
    assert real.shape == (4, 4)
    assert past.shape == (4, 5)
