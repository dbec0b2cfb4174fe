"""The adversary: it learns from sound alone, and its verdict reaches the generator's output only."""

from dataclasses import replace

import pytest
import torch

from partita.device import ComputeDevice
from partita.models.discriminators.ensemble import KINDS
from partita.models.discriminators.patchgan import PatchGAN
from partita.runs.config import from_table, to_table
from partita.training.config.train import AdversaryConfig
from partita.training.judges.discriminator import DiscriminatorJudge
from partita.training.losses.gan import LOSSES
from partita.training.rollouts.teacher_forced import Rollout

CPU = ComputeDevice(torch.device("cpu"), bfloat16=False)


def rollout(seed: int) -> Rollout:
    random = torch.Generator().manual_seed(seed)
    smooth = torch.cumsum(torch.randn(4, 256, generator=random), 1) / 16
    return Rollout(smooth, smooth + 0.3 * torch.randn(4, 256, generator=random))


def weights(adversary: DiscriminatorJudge) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in adversary.discriminator.parameters()]


def test_it_learns_to_tell(adversary: AdversaryConfig) -> None:
    judge = DiscriminatorJudge(adversary, seed=0, compute=CPU)
    first = judge.learn(rollout(0), lambda: rollout(0))
    assert first["discriminator_loss"].item() == pytest.approx(1.386, abs=0.05)
    for number in range(1, 100):
        last = judge.learn(rollout(number), lambda: rollout(0))
    assert last["discriminator_loss"] < 0.8
    assert last["discriminator_real"] > 0.8
    assert last["discriminator_fake"] < 0.2


def test_what_real_and_fake_share_does_not_count_as_told_wrong(adversary: AdversaryConfig) -> None:
    # regression: behind a long prompt every discriminator counted as blind, and was not listened to
    def seamed(seed: int, prompt: int) -> Rollout:
        whole = rollout(seed)
        return Rollout(whole.real, torch.cat([whole.real[:, :192], whole.fake[:, 192:]], 1), prompt)

    judge, right = DiscriminatorJudge(adversary, seed=0, compute=CPU), []
    for number in range(100):
        judge.learn(seamed(number, 192), lambda: seamed(0, 192))
    for prompt in (192, 0):
        told = judge.learn(seamed(200, prompt), lambda: seamed(0, 192))
        right.append(float(told["discriminator_real"] + 1 - told["discriminator_fake"]) / 2)
    assert right[0] > 0.8
    assert right[1] < 0.7
    assert judge.right > 0.75


def test_each_of_k_updates_sees_a_fresh_rollout(adversary: AdversaryConfig) -> None:
    asked = []

    def again() -> Rollout:
        asked.append(1)
        return rollout(len(asked))

    judge = DiscriminatorJudge(replace(adversary, updates=3), seed=0, compute=CPU)
    judge.learn(rollout(0), again)
    assert len(asked) == 2
    steps = {int(state["step"]) for state in judge.optimizer.state.values()}
    assert steps == {3}


def test_learning_leaves_the_generator_alone_and_judging_leaves_the_discriminator_alone(
    adversary: AdversaryConfig,
) -> None:
    judge = DiscriminatorJudge(adversary, seed=0, compute=CPU)
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
    judge = DiscriminatorJudge(adversary, seed=0, compute=CPU)
    judge.learn(rollout(0), lambda: rollout(0))
    for name, parameter in judge.discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_loss_that_is_not_finite_stops_before_the_update(adversary: AdversaryConfig) -> None:
    judge = DiscriminatorJudge(adversary, seed=0, compute=CPU)
    before = weights(judge)
    broken = Rollout(rollout(0).real, rollout(0).fake * float("nan"))
    with pytest.raises(FloatingPointError, match="the discriminator's loss"):
        judge.learn(broken, lambda: broken)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))


@pytest.mark.parametrize("normalisation", ["group", "instance", "batch", "none"])
def test_it_goes_on_bitwise_from_its_tensors(adversary: AdversaryConfig, normalisation: str) -> None:
    shape = replace(adversary.patchgan, normalisation=normalisation)
    config = replace(adversary, patchgan=shape)
    through, first, second = (DiscriminatorJudge(config, seed=seed, compute=CPU) for seed in (0, 0, 1))
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_each_kind_learns_to_tell_by_each_loss(everything: AdversaryConfig, kind: str, loss: str) -> None:
    plain = replace(
        everything,
        discriminators=(kind,),
        loss=loss,
        spectral_norm=False,
        updates=1,
        max_accuracy=1.0,
        r1=0.0,
        learning_rate=1e-3,
    )
    judge = DiscriminatorJudge(plain, seed=0, compute=CPU)
    blind = {"log": 1.386, "least-squares": 0.25, "hinge": 2.0}[loss]
    for number in range(60):
        last = judge.learn(rollout(number), lambda: rollout(0))
    assert last["discriminator_loss"] < 0.75 * blind
    assert (last["discriminator_real"] + 1 - last["discriminator_fake"]) / 2 > 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_goes_on_bitwise_from_its_tensors(everything: AdversaryConfig, kind: str) -> None:
    config = replace(everything, discriminators=(kind,))
    through, first, second = (DiscriminatorJudge(config, seed=seed, compute=CPU) for seed in (0, 0, 1))
    for number in range(4):
        through.learn(rollout(number), lambda: rollout(9))
    for number in range(2):
        first.learn(rollout(number), lambda: rollout(9))
    second.restore(
        {name: {key: t.clone() for key, t in part.items()} for name, part in first.tensors().items()}
    )
    for number in range(2, 4):
        second.learn(rollout(number), lambda: rollout(9))
    for name, part in through.tensors().items():
        for key, value in part.items():
            assert torch.equal(second.tensors()[name][key], value), (name, key)


def test_a_lone_patchgan_is_stored_as_it_always_was_and_an_older_checkpoint_loads(
    adversary: AdversaryConfig,
) -> None:
    judge = DiscriminatorJudge(adversary, seed=0, compute=CPU)
    assert isinstance(judge.discriminator, PatchGAN)
    judge.learn(rollout(0), lambda: rollout(0))
    tensors = judge.tensors()
    assert {name.split(".")[0] for name in tensors["adversary"]} == {
        *("kernels", "biases", "normalisations", "last", "last_bias")
    }
    del tensors["adversary-progress"]
    other = DiscriminatorJudge(adversary, seed=1, compute=CPU)
    other.restore(tensors)
    assert torch.equal(other.discriminator.last, judge.discriminator.last)


def test_an_older_runs_config_loads(adversary: AdversaryConfig) -> None:
    names = ("weight", "ramp", "loss", "saturating", "updates", "learning_rate", "beta1", "patchgan")
    table = to_table(adversary)
    assert from_table(AdversaryConfig, {name: table[name] for name in names}, where="it") == adversary


@pytest.mark.parametrize("features", ["maps", "statistics"])
def test_feature_matching_adds_to_what_the_generator_hears(adversary: AdversaryConfig, features: str) -> None:
    seen = rollout(0)
    losses = []
    for weight in (0.0, 1.0, 2.0):
        judge = DiscriminatorJudge(
            replace(adversary, feature_weight=weight, features=features), seed=0, compute=CPU
        )
        losses.append(judge.judge(seen.fake, seen.real).item())
    assert losses[1] > losses[0]
    assert losses[2] - losses[1] == pytest.approx(losses[1] - losses[0], rel=1e-4)
    same = judge.judge(seen.real, seen.real) - replaced(judge, 0.0).judge(seen.real)
    assert same.item() == pytest.approx(0, abs=1e-6)


def replaced(judge: DiscriminatorJudge, feature_weight: float) -> DiscriminatorJudge:
    return DiscriminatorJudge(replace(judge.config, feature_weight=feature_weight), seed=0, compute=CPU)


def test_the_penalty_flattens_the_discriminator_and_is_lazy(adversary: AdversaryConfig) -> None:
    def slope(judge: DiscriminatorJudge) -> float:
        waveform = rollout(99).real.requires_grad_()
        (gradient,) = torch.autograd.grad(judge.discriminator(waveform)[-1].sum(), waveform)
        return gradient.norm().item()

    free, bound, rare = (
        DiscriminatorJudge(
            replace(adversary, r1=gamma, r1_every=every, learning_rate=1e-3), seed=0, compute=CPU
        )
        for gamma, every in ((0.0, 1), (10.0, 1), (10.0, 1000))
    )
    judges = (free, bound, rare)
    first = [judge.learn(rollout(0), lambda: rollout(0))["discriminator_loss"] for judge in judges]
    assert first[0] == first[1] == first[2]
    weights_now = [judge.discriminator.kernels[0].detach().clone() for judge in judges]
    assert not torch.equal(weights_now[0], weights_now[1])
    for number in range(1, 60):
        for judge in judges:
            judge.learn(rollout(number), lambda: rollout(0))
    assert slope(bound) < 0.5 * slope(free)


def test_a_lazy_penalty_comes_every_so_many_updates(
    adversary: AdversaryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = DiscriminatorJudge(replace(adversary, r1=1.0, r1_every=3, updates=2), seed=0, compute=CPU)
    penalty, at = judge._penalty, []

    def counted(real: torch.Tensor) -> torch.Tensor:
        at.append(judge.seen)
        return penalty(real)

    monkeypatch.setattr(judge, "_penalty", counted)
    for number in range(4):
        judge.learn(rollout(number), lambda: rollout(9))
    assert at == [0, 3, 6]


def test_an_update_is_skipped_while_it_tells_enough(adversary: AdversaryConfig) -> None:
    judge = DiscriminatorJudge(replace(adversary, max_accuracy=0.75, learning_rate=1e-3), seed=0, compute=CPU)
    skipped = 0
    for number in range(60):
        before = weights(judge)
        numbers = judge.learn(rollout(number), lambda: rollout(0))
        right = (numbers["discriminator_real"] + 1 - numbers["discriminator_fake"]) / 2
        stood = all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))
        assert stood == bool(right > 0.75) == bool(numbers["discriminator_skipped"])
        skipped += stood
    assert 5 < skipped < 60
    assert judge.seen == 60


def test_the_generator_hears_nothing_before_the_discriminator_has_warmed_up(
    adversary: AdversaryConfig,
) -> None:
    judge = DiscriminatorJudge(replace(adversary, warmup=5, updates=2), seed=0, compute=CPU)
    heard = []
    for number in range(4):
        judge.learn(rollout(number), lambda: rollout(0))
        heard.append(judge.weight(1.0))
    assert heard == [0.0, 0.0, 0.1, 0.1]


def test_the_generator_listens_only_while_the_discriminator_tells(adversary: AdversaryConfig) -> None:
    judge = DiscriminatorJudge(replace(adversary, min_accuracy=0.6, learning_rate=2e-3), seed=0, compute=CPU)
    told = []
    for number in range(80):
        numbers = judge.learn(rollout(number), lambda: rollout(0))
        told.append(float(numbers["discriminator_real"] + 1 - numbers["discriminator_fake"]) / 2)
        mean = 0.5 * 0.9 ** len(told) + sum(0.1 * 0.9**n * right for n, right in enumerate(reversed(told)))
        assert judge.right == pytest.approx(mean, abs=1e-6)
        assert judge.listened_to == (judge.right > 0.6) == bool(judge.weight(1.0))
    assert judge.listened_to and told[0] < 0.6
    other = DiscriminatorJudge(judge.config, seed=1, compute=CPU)
    other.restore(judge.tensors())
    assert other.right == judge.right
