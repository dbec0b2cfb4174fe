"""The divergence of normal distributions from classes' probabilities, on the grid of the classes."""

import math

import numpy as np
import torch
from scipy.stats import norm

from partita.audio.quantizer import Quantizer
from partita.training.losses.density_distillation import bin_ends, grid_divergence


def test_the_ends_are_where_the_class_changes() -> None:
    for quantizer in (Quantizer(), Quantizer(kind="linear", classes=16)):
        ends = bin_ends(quantizer).astype(np.float64)
        assert (quantizer.encode(ends - 1e-6) == np.arange(quantizer.classes - 1)).all()
        assert (quantizer.encode(ends + 1e-6) == np.arange(1, quantizer.classes)).all()


def test_the_divergence_of_a_hand_computed_case() -> None:
    ends = np.array([-0.5, 0.0, 0.5])
    below = norm.cdf(ends, 0.1, 0.4)
    q = np.diff(np.concatenate([[0.0], below, [1.0]]))
    p = np.array([0.1, 0.2, 0.3, 0.4])
    found = grid_divergence(
        torch.tensor([0.1]).double(),
        torch.tensor([math.sqrt(0.4**2 - (0.25 * 0.5) ** 2)]).double(),  # a deviation has a least value
        torch.from_numpy(np.log(p))[None].double(),
        torch.from_numpy(ends),
    )
    assert abs(found.item() - (q * np.log(q / p)).sum()) < 1e-5


def test_it_is_zero_only_for_the_teachers_own_distribution() -> None:
    quantizer = Quantizer(kind="linear", classes=64)
    ends = torch.from_numpy(bin_ends(quantizer)).double()
    means, deviations = torch.tensor([0.05]).double(), torch.tensor([0.2]).double()
    wide = math.sqrt(0.2**2 + (0.25 * 2 / 63) ** 2)
    below = torch.from_numpy(norm.cdf(ends.numpy(), 0.05, wide))
    q = torch.diff(torch.cat([torch.zeros(1), below, torch.ones(1)]).double())
    logits = torch.log(q + 1e-12)[None]
    assert abs(grid_divergence(means, deviations, logits, ends).item()) < 1e-4
    for moved in ((means + 0.1, deviations), (means, 0.5 * deviations), (means, 2.0 * deviations)):
        assert grid_divergence(*moved, logits, ends).item() > 0.05


def test_the_gradient_is_that_of_differences_and_finite_far_away() -> None:
    generator = torch.Generator().manual_seed(0)
    ends = torch.from_numpy(bin_ends(Quantizer())).double()
    logits = torch.randn(3, 256, generator=generator).double()
    means = torch.tensor([0.0, 0.3, -0.7]).double().requires_grad_()
    deviations = torch.tensor([0.01, 0.1, 0.3]).double().requires_grad_()
    loss = grid_divergence(means, deviations, logits, ends).sum()
    gradients = torch.autograd.grad(loss, (means, deviations))
    for number, value in enumerate((means, deviations)):
        for index in range(3):
            nudged = [value.detach().clone(), value.detach().clone()]
            nudged[0][index] += 1e-6
            nudged[1][index] -= 1e-6
            both = [
                grid_divergence(*((one, deviations) if number == 0 else (means, one)), logits, ends).sum()
                for one in nudged
            ]
            wanted = (both[0] - both[1]).item() / 2e-6
            assert abs(gradients[number][index].item() - wanted) < 0.02 * max(1.0, abs(wanted))
    far = torch.tensor([7.0, -7.0, 0.0]).requires_grad_()
    narrow = torch.tensor([1e-9, 1e-3, 50.0]).requires_grad_()
    torch.autograd.backward(grid_divergence(far, narrow, logits.float(), ends.float()).sum())
    assert far.grad is not None and narrow.grad is not None
    assert bool(torch.isfinite(far.grad).all() and torch.isfinite(narrow.grad).all())
