"""The policy gradient: its expectation over all sequences is the exact gradient."""

import itertools
from collections.abc import Callable

import pytest
import torch

from partita.training.losses.policy_gradient import advantages, discounted_returns, policy_loss

CLASSES, STEPS = 3, 4


def everything(steps: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(CLASSES), repeat=steps)))


class Tiny:
    """A model whose conditionals depend on the last two samples, with weights in float64."""

    def __init__(self, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        shape = (CLASSES + 1, CLASSES + 1, CLASSES)
        self.table = torch.randn(shape, generator=random, dtype=torch.float64).requires_grad_()

    def nats(self, sequences: torch.Tensor) -> torch.Tensor:
        """Return -log p of every sample; an extra class stands before the first one."""
        before = torch.nn.functional.pad(sequences, (2, 0), value=CLASSES)
        logits = self.table[before[:, :-2], before[:, 1:-1]]
        return -torch.log_softmax(logits, 2).gather(2, sequences[:, :, None])[:, :, 0]


def rewards_of(sequences: torch.Tensor) -> torch.Tensor:
    """Return rewards that depend on the whole past of a sample."""
    return torch.sin(1.0 + 2.0 * sequences.double()).cumprod(1) + sequences.double().cumsum(1) ** 2 / 10


def exact_gradient(model: Tiny, steps: int, rewards: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    sequences = everything(steps)
    probability = torch.exp(-model.nats(sequences).sum(1))
    expected = (probability * rewards(sequences).sum(1)).sum()
    return torch.autograd.grad(-expected / steps, model.table)[0]


def test_without_a_baseline_the_expected_gradient_is_exact() -> None:
    model, sequences = Tiny(0), everything(STEPS)
    nats = model.nats(sequences)
    probability = torch.exp(-nats.detach().sum(1))
    returns = discounted_returns(rewards_of(sequences), 1.0)
    loss = sum(p * policy_loss(n[None], a[None]) for p, n, a in zip(probability, nats, returns, strict=True))
    found = torch.autograd.grad(loss, model.table)[0]
    torch.testing.assert_close(found, exact_gradient(model, STEPS, rewards_of), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("ratio", [False, True])
def test_with_the_other_clips_as_baseline_it_is_exact_too(ratio: bool) -> None:
    """Sum over all pairs of clips; the log-ratio as reward has its own gradient, which must not count."""
    model, teacher, steps = Tiny(0), Tiny(1), 3

    def rewards(sequences: torch.Tensor) -> torch.Tensor:
        if not ratio:
            return rewards_of(sequences)
        return model.nats(sequences) - teacher.nats(sequences)

    sequences = everything(steps)
    nats, given = model.nats(sequences), rewards(sequences).detach()
    probability = torch.exp(-nats.detach().sum(1))
    losses = []
    for i, j in itertools.product(range(len(sequences)), repeat=2):
        advantage = advantages(given[[i, j]], discount=1.0, normalise=False)
        losses.append(probability[i] * probability[j] * policy_loss(nats[[i, j]], advantage))
    found = torch.autograd.grad(torch.stack(losses).sum(), model.table)[0]
    torch.testing.assert_close(found, exact_gradient(model, steps, rewards), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("time", [1, 2, 7, 64])
def test_returns_are_the_discounted_sums(discount: float, time: int) -> None:
    rewards = torch.randn(3, time, generator=torch.Generator().manual_seed(time), dtype=torch.float64)
    expected = torch.zeros_like(rewards)
    later = torch.zeros(3, dtype=torch.float64)
    for t in reversed(range(time)):
        expected[:, t] = later = rewards[:, t] + discount * later
    torch.testing.assert_close(discounted_returns(rewards, discount), expected)


def test_advantages_are_against_the_others_at_the_same_position() -> None:
    rewards = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    returns = discounted_returns(rewards, 0.9)
    plain = advantages(rewards, discount=0.9, normalise=False)
    torch.testing.assert_close(plain[2], returns[2] - returns[[0, 1, 3]].mean(0))
    normalised = advantages(rewards, discount=0.9)
    assert normalised.square().mean().item() == pytest.approx(1.0)
    torch.testing.assert_close(normalised / plain, (normalised / plain)[0, 0].expand(4, 6))


def test_equal_rewards_have_no_advantage() -> None:
    assert advantages(torch.zeros(3, 5), discount=0.9).abs().max() == 0
    assert advantages(torch.full((4, 5), 0.5), discount=1.0).abs().max() == 0
