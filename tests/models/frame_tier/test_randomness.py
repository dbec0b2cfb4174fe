"""Noise of training: its moments, and that it comes from the generator."""

import torch

from partita.models.frame_tier.randomness import dequantised, dropout, input_noise, partly_own


def test_dropout_keeps_the_mean_and_is_off_without_a_generator() -> None:
    ones = torch.ones(100_000)
    dropped = dropout(ones, 0.3, torch.Generator().manual_seed(0))
    assert abs(float(dropped.mean()) - 1.0) < 0.01 and abs(float((dropped == 0).float().mean()) - 0.3) < 0.01
    assert dropout(ones, 0.3, None) is ones


def test_each_row_has_a_scale_of_its_own() -> None:
    noised = input_noise(
        torch.zeros(1000, 200, 2), torch.tensor([0.1, 0.0]), torch.Generator().manual_seed(0)
    )
    assert (noised[..., 1] == 0).all()
    scales = noised[..., 0].std(1)
    assert float(scales.max()) < 0.12 and float(scales.min()) < 0.005
    assert abs(float(scales.mean()) - 0.05) < 0.005


def test_dequantised_values_fill_their_cells_evenly() -> None:
    spread = dequantised(torch.zeros(50_000, 2), torch.tensor([0.25, 1.0]), torch.Generator().manual_seed(0))
    assert (spread.abs() <= torch.tensor([0.125, 0.5])).all()
    torch.testing.assert_close(spread.var(0), torch.tensor([0.25**2, 1.0]) / 12, rtol=0.03, atol=0)


def test_own_frames_take_the_place_of_the_frames_that_they_were_drawn_for() -> None:
    past = torch.arange(200.0).repeat(1000, 1)[..., None]
    own = past + 1.5  # drawn as the frame after each one: half a frame too far
    mixed = partly_own(past, own, 0.6, torch.Generator().manual_seed(0))
    changed = (mixed != past)[..., 0]
    assert torch.equal(mixed[changed], past[changed] + 0.5) and not changed[:, 0].any()
    shares = changed.float().mean(1)
    assert float(shares.max()) < 0.75 and float(shares.min()) < 0.05, "each row has a share of its own"
    assert abs(float(shares.mean()) - 0.3) < 0.02
