"""The distillation gradient: its expectation over all sequences is that of the exact divergence."""

import itertools

import pytest
import torch

from partita.training.losses.distillation import distillation_loss, kl_divergences
from partita.training.losses.policy_gradient import advantages, policy_loss

CLASSES, STEPS = 3, 3


class Tiny:
    """A model whose conditionals depend on the last two samples, with weights in float64."""

    def __init__(self, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        shape = (CLASSES + 1, CLASSES + 1, CLASSES)
        self.table = torch.randn(shape, generator=random, dtype=torch.float64).requires_grad_()

    def logits(self, sequences: torch.Tensor) -> torch.Tensor:
        """Return the logits of every sample; an extra class stands before the first one."""
        before = torch.nn.functional.pad(sequences, (2, 0), value=CLASSES)
        return self.table[before[:, :-2], before[:, 1:-1]]

    def nats(self, sequences: torch.Tensor) -> torch.Tensor:
        log_p = torch.log_softmax(self.logits(sequences), 2)
        return -log_p.gather(2, sequences[:, :, None])[:, :, 0]


@pytest.fixture
def everything() -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(CLASSES), repeat=STEPS)))


def gradients(model: Tiny, critic: Tiny, sequences: torch.Tensor, discount: float) -> torch.Tensor:
    """Return the gradient and the probability of every pair of sequences, (pairs, 1 + weights)."""
    apart = kl_divergences(model.logits(sequences), critic.logits(sequences).detach())
    nats = model.nats(sequences)
    probability, rows = torch.exp(-nats.detach().sum(1)), []
    for i, j in itertools.product(range(len(sequences)), repeat=2):
        loss = distillation_loss(apart[[i, j]], nats[[i, j]], discount=discount)
        (slope,) = torch.autograd.grad(loss, model.table, retain_graph=True)
        rows.append(torch.cat([(probability[i] * probability[j])[None], slope.flatten()]))
    return torch.stack(rows)


def test_the_expected_gradient_is_that_of_the_exact_divergence(everything: torch.Tensor) -> None:
    model, critic = Tiny(0), Tiny(1)
    ours, theirs = model.nats(everything).sum(1), critic.nats(everything).sum(1).detach()
    exact = (torch.exp(-ours) * (theirs - ours)).sum() / STEPS
    (expected,) = torch.autograd.grad(exact, model.table)
    rows = gradients(model, critic, everything, 1.0)
    found = (rows[:, :1] * rows[:, 1:]).sum(0)
    torch.testing.assert_close(found, expected.flatten(), rtol=1e-10, atol=1e-12)


def test_its_variance_is_lower_than_with_the_rewards_of_drawn_samples(everything: torch.Tensor) -> None:
    model, critic = Tiny(0), Tiny(1)
    rows = gradients(model, critic, everything, 1.0)
    nats = model.nats(everything)
    reward, drawn = (nats - critic.nats(everything)).detach(), []
    for i, j in itertools.product(range(len(everything)), repeat=2):
        advantage = advantages(reward[[i, j]], discount=1.0, normalise=False)
        loss = policy_loss(nats[[i, j]], advantage)
        (slope,) = torch.autograd.grad(loss, model.table, retain_graph=True)
        drawn.append(slope.flatten())

    def spread(slopes: torch.Tensor) -> float:
        weight = rows[:, :1]
        return float((weight * (slopes - (weight * slopes).sum(0)) ** 2).sum())

    assert spread(rows[:, 1:]) < 0.6 * spread(torch.stack(drawn))


def test_with_discount_0_it_is_the_mean_divergence(everything: torch.Tensor) -> None:
    model, critic = Tiny(0), Tiny(1)
    apart = kl_divergences(model.logits(everything[:2]), critic.logits(everything[:2]).detach())
    (expected,) = torch.autograd.grad(apart.mean(), model.table, retain_graph=True)
    loss = distillation_loss(apart, model.nats(everything[:2]), discount=0.0)
    torch.testing.assert_close(torch.autograd.grad(loss, model.table)[0], expected)


def test_divergences_by_hand() -> None:
    p, q = torch.tensor([0.5, 0.25, 0.25]).double(), torch.tensor([0.25, 0.5, 0.25]).double()
    found = kl_divergences(p.log()[None, None] + 3.0, q.log()[None, None] - 1.0)
    assert found.item() == pytest.approx(0.25 * torch.log(torch.tensor(2.0)).item())
