"""The adversary: it learns from sound alone, and its verdict reaches the generator's output only."""

from dataclasses import replace

import pytest
import torch

from partita.training.adversary import Adversary
from partita.training.config import AdversaryConfig
from partita.training.device import Machine
from partita.training.rollout import Rollout

CPU = Machine(torch.device("cpu"), bfloat16=False)


def rollout(seed: int) -> Rollout:
    random = torch.Generator().manual_seed(seed)
    smooth = torch.cumsum(torch.randn(4, 256, generator=random), 1) / 16
    return Rollout(smooth, smooth + 0.3 * torch.randn(4, 256, generator=random))


def weights(adversary: Adversary) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in adversary.discriminator.parameters()]


def test_it_learns_to_tell(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, machine=CPU)
    first = judge.learn(rollout(0), lambda: rollout(0))
    assert first["discriminator_loss"].item() == pytest.approx(1.386, abs=0.05)
    for number in range(1, 100):
        last = judge.learn(rollout(number), lambda: rollout(0))
    assert last["discriminator_loss"] < 0.8
    assert last["discriminator_real"] > 0.8
    assert last["discriminator_fake"] < 0.2


def test_each_of_k_updates_sees_a_fresh_rollout(adversary: AdversaryConfig) -> None:
    asked = []

    def again() -> Rollout:
        asked.append(1)
        return rollout(len(asked))

    judge = Adversary(replace(adversary, updates=3), seed=0, machine=CPU)
    judge.learn(rollout(0), again)
    assert len(asked) == 2
    steps = {int(state["step"]) for state in judge.optimizer.state.values()}
    assert steps == {3}


def test_learning_leaves_the_generator_alone_and_judging_leaves_the_discriminator_alone(
    adversary: AdversaryConfig,
) -> None:
    judge = Adversary(adversary, seed=0, machine=CPU)
    fake = rollout(0).fake.requires_grad_()
    judge.learn(Rollout(rollout(0).real, fake), lambda: rollout(0))
    assert fake.grad is None
    judge.optimizer.zero_grad()
    before = weights(judge)
    torch.autograd.backward(judge.judge(fake))
    assert fake.grad is not None
    assert fake.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in judge.discriminator.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))


def test_every_weight_of_the_discriminator_gets_a_gradient(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, machine=CPU)
    judge.learn(rollout(0), lambda: rollout(0))
    for name, parameter in judge.discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_loss_that_is_not_finite_stops_before_the_update(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, machine=CPU)
    before = weights(judge)
    broken = Rollout(rollout(0).real, rollout(0).fake * float("nan"))
    with pytest.raises(FloatingPointError, match="the discriminator's loss"):
        judge.learn(broken, lambda: broken)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))


@pytest.mark.parametrize("normalisation", ["group", "instance", "batch", "none"])
def test_it_goes_on_bitwise_from_its_tensors(adversary: AdversaryConfig, normalisation: str) -> None:
    shape = replace(adversary.patchgan, normalisation=normalisation)
    config = replace(adversary, patchgan=shape)
    through, first, second = (Adversary(config, seed=seed, machine=CPU) for seed in (0, 0, 1))
    for number in range(4):
        through.learn(rollout(number), lambda: rollout(0))
    for number in range(2):
        first.learn(rollout(number), lambda: rollout(0))
    tensors = {name: {key: t.clone() for key, t in part.items()} for name, part in first.tensors().items()}
    second.restore(tensors)
    for number in range(2, 4):
        second.learn(rollout(number), lambda: rollout(0))
    for name, part in through.tensors().items():
        for key, value in part.items():
            assert torch.equal(second.tensors()[name][key], value), (name, key)
