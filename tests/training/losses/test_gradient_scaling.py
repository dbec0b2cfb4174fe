"""The second gradient is as long as it was asked to be."""

import pytest
import torch

from partita.training.losses.gradient_scaling import add_gradient


def test_a_share_of_the_gradient_by_hand() -> None:
    for relative, expected in ((True, [3.0 + 2.5 * 0.6, 4.0 + 2.5 * 0.8]), (False, [3.3, 4.4])):
        weights = torch.nn.Parameter(torch.tensor([0.6, 0.8]))
        weights.grad = torch.tensor([3.0, 4.0])
        loss = weights.square().sum() / 2  # its gradient is the weights, of norm 1
        ratio = add_gradient([weights], loss, weight=0.5, relative=relative)
        assert ratio.item() == pytest.approx(0.2)
        assert weights.grad.tolist() == pytest.approx(expected)
