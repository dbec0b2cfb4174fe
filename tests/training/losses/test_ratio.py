"""The ratio loss: its gradient at the reference, and its optimum."""

import math

import pytest
import torch

from partita.training.losses.ratio import logit_positions, ratio_loss


def test_by_hand() -> None:
    real, drawn = torch.tensor([[0.5, 0.25]]), torch.tensor([[-0.5, 1.5]])
    found = ratio_loss(real, drawn, beta=2.0)
    expected = math.log1p(math.exp(-1.5)) + math.log1p(math.exp(2.0))
    assert found.loss.item() == pytest.approx(expected / 4.0)
    assert (found.real.item(), found.drawn.item()) == (1.0, 1.0)


@pytest.mark.parametrize("length", [5, 40])
@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_the_first_gradient_is_that_of_the_likelihood_of_real_less_that_of_drawn_samples(
    length: int, beta: float
) -> None:
    real, drawn = (torch.zeros(3, length, requires_grad=True) for _ in range(2))
    loss = ratio_loss(real, drawn, beta=beta).loss
    gradients = torch.autograd.grad(loss, [real, drawn])
    positions = logit_positions(length)
    expected = torch.zeros(length)
    for position in positions:
        expected[: position + 1] += 0.5 / (position + 1) / len(positions)
    torch.testing.assert_close(gradients[0], -expected.expand(3, -1) / 3)
    torch.testing.assert_close(gradients[1], expected.expand(3, -1) / 3)


def test_the_optimum_is_the_distribution_of_the_data() -> None:
    """Every sequence of two samples of two classes, as often as the two distributions say."""
    data, reference = torch.tensor([5, 1, 3, 1]), torch.tensor([2, 2, 4, 2])
    logits = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15)
    log_reference = (reference / reference.sum()).double().log()

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        ratio = torch.log_softmax(logits, 0) - log_reference
        both = torch.stack([ratio, torch.zeros_like(ratio)], 1)  # the first sample has all of it
        rows = [both[torch.arange(4).repeat_interleave(counts)] for counts in (data, reference)]
        value = ratio_loss(*rows, beta=1.0).loss
        torch.autograd.backward(value)
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(torch.softmax(logits, 0).detach(), (data / data.sum()).double())
