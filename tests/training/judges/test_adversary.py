"""The adversary: its updates, its loss for the generator, and its checkpoints."""

from dataclasses import replace

import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.device import ComputeDevice
from partita.models.discriminators.ensemble import KINDS
from partita.models.discriminators.patchgan import PatchGAN
from partita.models.discriminators.trunk import TrunkShape
from partita.models.sizes import size_named
from partita.runs.config import from_table, to_table
from partita.training.config.train import AdversaryConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import WaveformPair
from partita.training.losses.gan import LOSSES, gradient_penalty

CPU = ComputeDevice(torch.device("cpu"), bfloat16=False)


def pair(seed: int) -> WaveformPair:
    random = torch.Generator().manual_seed(seed)
    smooth = torch.cumsum(torch.randn(4, 256, generator=random), 1) / 16
    return WaveformPair(smooth, smooth + 0.3 * torch.randn(4, 256, generator=random))


def weights(adversary: Adversary) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in adversary.discriminator.parameters()]


def test_it_learns_to_tell_real_from_fake(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, compute=CPU)
    first = judge.update(pair(0), lambda: pair(0))
    assert first["discriminator_loss"].item() == pytest.approx(1.386, abs=0.05)
    for number in range(1, 100):
        last = judge.update(pair(number), lambda: pair(0))
    assert last["discriminator_loss"] < 0.8
    assert last["discriminator_real"] > 0.8
    assert last["discriminator_fake"] < 0.2


def test_patches_in_the_prompt_do_not_count_for_the_accuracy(adversary: AdversaryConfig) -> None:
    # regression: with a long prompt every discriminator had an accuracy near 0.5, and was not active
    def with_prompt(seed: int, prompt: int) -> WaveformPair:
        whole = pair(seed)
        fake = torch.cat([whole.real[:, :192], whole.fake[:, 192:]], 1)
        return WaveformPair(whole.real, fake, prompt)

    judge, accuracies = Adversary(adversary, seed=0, compute=CPU), []
    for number in range(100):
        judge.update(with_prompt(number, 192), lambda: with_prompt(0, 192))
    for prompt in (192, 0):
        numbers = judge.update(with_prompt(200, prompt), lambda: with_prompt(0, 192))
        accuracies.append(float(numbers["discriminator_real"] + 1 - numbers["discriminator_fake"]) / 2)
    assert accuracies[0] > 0.8
    assert accuracies[1] < 0.7
    assert judge.accuracy > 0.75


def test_each_of_k_updates_gets_new_draws(adversary: AdversaryConfig) -> None:
    calls = []

    def again() -> WaveformPair:
        calls.append(1)
        return pair(len(calls))

    judge = Adversary(replace(adversary, updates=3), seed=0, compute=CPU)
    judge.update(pair(0), again)
    assert len(calls) == 2
    steps = {int(state["step"]) for state in judge.optimizer.state.values()}
    assert steps == {3}


def test_updates_give_the_generator_no_gradient_and_its_loss_gives_the_discriminator_none(
    adversary: AdversaryConfig,
) -> None:
    judge = Adversary(adversary, seed=0, compute=CPU)
    fake = pair(0).fake.requires_grad_()
    judge.update(WaveformPair(pair(0).real, fake), lambda: pair(0))
    gradient = fake.grad
    assert gradient is None
    judge.optimizer.zero_grad()
    before = weights(judge)
    torch.autograd.backward(judge.generator_loss(fake))
    assert fake.grad is not None
    assert fake.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in judge.discriminator.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))


def test_every_weight_of_the_discriminator_gets_a_gradient(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, compute=CPU)
    judge.update(pair(0), lambda: pair(0))
    for name, parameter in judge.discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_loss_that_is_not_finite_stops_before_the_update(adversary: AdversaryConfig) -> None:
    judge = Adversary(adversary, seed=0, compute=CPU)
    before = weights(judge)
    broken = WaveformPair(pair(0).real, pair(0).fake * float("nan"))
    with pytest.raises(FloatingPointError, match="the discriminator's loss"):
        judge.update(broken, lambda: broken)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))


@pytest.mark.parametrize("normalisation", ["group", "instance", "batch", "none"])
def test_a_restored_adversary_continues_bitwise(adversary: AdversaryConfig, normalisation: str) -> None:
    shape = replace(adversary.patchgan, normalisation=normalisation)
    config = replace(adversary, patchgan=shape)
    through, first, second = (Adversary(config, seed=seed, compute=CPU) for seed in (0, 0, 1))
    for number in range(4):
        through.update(pair(number), lambda: pair(0))
    for number in range(2):
        first.update(pair(number), lambda: pair(0))
    tensors = {name: {key: t.clone() for key, t in part.items()} for name, part in first.tensors().items()}
    second.restore(tensors)
    for number in range(2, 4):
        second.update(pair(number), lambda: pair(0))
    for name, part in through.tensors().items():
        for key, value in part.items():
            assert torch.equal(second.tensors()[name][key], value), (name, key)


def of_kind(config: AdversaryConfig, kind: str, seed: int = 0) -> Adversary:
    """Return a judge of one kind; `trunk` has no spectral norm and no double derivative."""
    shape = TrunkShape(size_named("tiny"), tuple(map(float, Quantizer().table)))
    fitting = {"spectral_norm": False, "penalty": "difference"} if kind == "trunk" else {}
    config = replace(config, discriminators=(kind,), **fitting)  # type: ignore[arg-type]
    return Adversary(config, seed=seed, compute=CPU, trunk_shape=shape)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_each_kind_learns_with_each_loss(everything: AdversaryConfig, kind: str, loss: str) -> None:
    plain = replace(
        everything,
        loss=loss,
        spectral_norm=False,
        updates=1,
        max_accuracy=1.0,
        r1=0.0,
        learning_rate=1e-3,
    )
    judge = of_kind(plain, kind)
    chance = {"log": 1.386, "least-squares": 0.25, "hinge": 2.0, "relativistic": 0.693}[loss]
    for number in range(60):
        last = judge.update(pair(number), lambda: pair(0))
    assert last["discriminator_loss"] < 0.75 * chance
    assert (last["discriminator_real"] + 1 - last["discriminator_fake"]) / 2 > 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_each_restored_kind_continues_bitwise(everything: AdversaryConfig, kind: str) -> None:
    through, first, second = (of_kind(everything, kind, seed) for seed in (0, 0, 1))
    for number in range(4):
        through.update(pair(number), lambda: pair(9))
    for number in range(2):
        first.update(pair(number), lambda: pair(9))
    second.restore(
        {name: {key: t.clone() for key, t in part.items()} for name, part in first.tensors().items()}
    )
    for number in range(2, 4):
        second.update(pair(number), lambda: pair(9))
    for name, part in through.tensors().items():
        for key, value in part.items():
            assert torch.equal(second.tensors()[name][key], value), (name, key)


def patchgan(judge: Adversary) -> PatchGAN:
    """Return the discriminator of a judge, which is a single PatchGAN."""
    assert isinstance(judge.discriminator, PatchGAN)
    return judge.discriminator


def test_a_single_patchgan_keeps_its_tensor_names_and_an_older_checkpoint_loads(
    adversary: AdversaryConfig,
) -> None:
    judge = Adversary(adversary, seed=0, compute=CPU)
    judge.update(pair(0), lambda: pair(0))
    tensors = judge.tensors()
    assert {name.split(".")[0] for name in tensors["adversary"]} == {
        *("kernels", "biases", "normalisations", "last", "last_bias")
    }
    del tensors["adversary-progress"]
    other = Adversary(adversary, seed=1, compute=CPU)
    other.restore(tensors)
    assert torch.equal(patchgan(other).last, patchgan(judge).last)


def test_an_older_config_loads(adversary: AdversaryConfig) -> None:
    names = ("weight", "ramp", "loss", "saturating", "updates", "learning_rate", "beta1", "patchgan")
    table = to_table(adversary)
    assert from_table(AdversaryConfig, {name: table[name] for name in names}, where="it") == adversary


@pytest.mark.parametrize("features", ["maps", "statistics", "spectrum"])
def test_feature_matching_adds_to_the_generators_loss(adversary: AdversaryConfig, features: str) -> None:
    seen = pair(0)
    losses = []
    for weight in (0.0, 1.0, 2.0):
        judge = Adversary(replace(adversary, feature_weight=weight, features=features), seed=0, compute=CPU)
        losses.append(judge.generator_loss(seen.fake, seen.real).item())
    assert losses[1] > losses[0]
    assert losses[2] - losses[1] == pytest.approx(losses[1] - losses[0], rel=1e-4)
    same = judge.generator_loss(seen.real, seen.real) - replaced(judge, 0.0).generator_loss(seen.real)
    assert same.item() == pytest.approx(0, abs=1e-6)


def replaced(judge: Adversary, feature_weight: float) -> Adversary:
    return Adversary(replace(judge.config, feature_weight=feature_weight), seed=0, compute=CPU)


@pytest.mark.parametrize("penalty", ["gradient", "difference"])
def test_the_penalty_makes_the_discriminator_flatter(adversary: AdversaryConfig, penalty: str) -> None:
    def slope(judge: Adversary) -> float:
        slopes = []
        for number in range(99, 107):
            waveform = pair(number).real.requires_grad_()
            (gradient,) = torch.autograd.grad(judge.discriminator(waveform)[-1].sum(), waveform)
            slopes.append(gradient.norm().item())
        return float(sum(slopes) / len(slopes))

    free, bound, rare = (
        Adversary(
            replace(adversary, r1=gamma, r1_every=every, penalty=penalty, learning_rate=1e-3),
            seed=0,
            compute=CPU,
        )
        for gamma, every in ((0.0, 1), (100.0, 1), (100.0, 1000))
    )
    judges = (free, bound, rare)
    first = [judge.update(pair(0), lambda: pair(0))["discriminator_loss"] for judge in judges]
    assert first[0] == first[1] == first[2]
    weights_now = [patchgan(judge).kernels[0].detach().clone() for judge in judges]
    assert not torch.equal(weights_now[0], weights_now[1])
    for number in range(1, 60):
        for judge in judges:
            judge.update(pair(number), lambda: pair(0))
    assert slope(bound) < 0.5 * slope(free)


def test_the_penalty_is_computed_every_r1_every_updates(
    adversary: AdversaryConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Adversary(replace(adversary, r1=1.0, r1_every=3, updates=2), seed=0, compute=CPU)
    at = []

    def counted(waveform: torch.Tensor, logits: list[torch.Tensor]) -> torch.Tensor:
        at.append(judge.updates)
        return gradient_penalty(waveform, logits)

    monkeypatch.setattr("partita.training.judges.adversary.gradient_penalty", counted)
    for number in range(4):
        judge.update(pair(number), lambda: pair(9))
    assert at == [0, 3, 6]


def test_updates_are_skipped_above_the_maximal_accuracy(adversary: AdversaryConfig) -> None:
    judge = Adversary(replace(adversary, max_accuracy=0.75, learning_rate=1e-3), seed=0, compute=CPU)
    skipped = 0
    for number in range(60):
        before = weights(judge)
        numbers = judge.update(pair(number), lambda: pair(0))
        accuracy = (numbers["discriminator_real"] + 1 - numbers["discriminator_fake"]) / 2
        unchanged = all(torch.equal(a, b) for a, b in zip(before, weights(judge), strict=True))
        assert unchanged == bool(accuracy > 0.75) == bool(numbers["discriminator_skipped"])
        skipped += unchanged
    assert 5 < skipped < 60
    assert judge.updates == 60


def test_the_weight_is_0_during_the_warmup(
    adversary: AdversaryConfig,
) -> None:
    judge = Adversary(replace(adversary, warmup=5, updates=2), seed=0, compute=CPU)
    used = []
    for number in range(4):
        judge.update(pair(number), lambda: pair(0))
        used.append(judge.weight(1.0))
    assert used == [0.0, 0.0, 0.1, 0.1]


def test_the_judge_is_active_only_above_the_minimal_accuracy(adversary: AdversaryConfig) -> None:
    judge = Adversary(replace(adversary, min_accuracy=0.6, learning_rate=2e-3), seed=0, compute=CPU)
    accuracies: list[float] = []
    for number in range(80):
        numbers = judge.update(pair(number), lambda: pair(0))
        accuracies.append(float(numbers["discriminator_real"] + 1 - numbers["discriminator_fake"]) / 2)
        recent = sum(0.1 * 0.9**n * accuracy for n, accuracy in enumerate(reversed(accuracies)))
        mean = 0.5 * 0.9 ** len(accuracies) + recent
        assert judge.accuracy == pytest.approx(mean, abs=1e-6)
        assert judge.active == (judge.accuracy > 0.6) == bool(judge.weight(1.0))
    assert judge.active and accuracies[0] < 0.6
    other = Adversary(judge.config, seed=1, compute=CPU)
    other.restore(judge.tensors())
    assert other.accuracy == judge.accuracy
