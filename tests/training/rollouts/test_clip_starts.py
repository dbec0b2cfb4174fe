"""Cuts are uniform over all positions whose whole continuation is valid."""

import torch

from partita.training.rollouts.clip_starts import CutGrid, choose_cuts


def test_cuts_are_uniform_and_inside_the_valid_targets() -> None:
    context, targets, length = 5, 20, 8
    classes = torch.arange(3 * (context + targets)).view(3, -1)
    valid = torch.ones(3, targets, dtype=torch.bool)
    valid[1, 10:] = False  # three positions
    valid[2, 6:] = False  # none
    rng = torch.Generator().manual_seed(0)
    cuts = choose_cuts(valid, clips=16_000, length=length, rng=rng, context=context)
    past, real = cuts.cut(classes)
    assert torch.equal(past[:, -1] + 1, real[:, 0])
    assert torch.equal(real[:, 0] + length - 1, real[:, -1])
    first = real[:, 0]
    expected = [*range(5, 18), *range(30, 33)]
    assert sorted(set(first.tolist())) == expected
    counts = torch.bincount(first)[expected]
    assert (counts - 1000).abs().max() < 150  # over four standard errors


def test_few_valid_targets_give_short_clips() -> None:
    valid = torch.zeros(2, 20, dtype=torch.bool)
    valid[0, :3] = valid[1, :4] = True
    cuts = choose_cuts(valid, clips=4, length=8, rng=torch.Generator(), context=5)
    past, real = cuts.cut(torch.zeros(2, 25, dtype=torch.long))
    assert real.shape == (4, 4)
    assert past.shape == (4, 5)


def test_cuts_on_a_grid_begin_at_its_positions_with_the_same_probability() -> None:
    valid = torch.ones(3, 40, dtype=torch.bool)
    valid[1, 20:] = False
    valid[2, 9:] = False  # its only position of the grid is target 7, and a clip of 8 does not fit
    grid = CutGrid(10, torch.tensor([0, 4, 3]))
    cuts = choose_cuts(
        valid, clips=8000, length=8, rng=torch.Generator().manual_seed(0), context=5, grid=grid
    )
    places = cuts.rows * 100 + cuts.starts
    counts = torch.bincount(places)
    assert counts.nonzero().flatten().tolist() == [0, 10, 20, 30, 106]
    assert (counts[counts > 0] - 1600).abs().max() < 160
    assert cuts.length == 8
