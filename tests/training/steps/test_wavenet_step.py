"""One update: which weights change, and that the twin at weight 0 is bitwise the likelihood arm."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from partita.models.discriminators.patchgan import PatchGAN
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, RolloutConfig, TrainConfig
from partita.training.steps.ema import EMA
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

Make = Callable[..., TrainConfig]


def batch(train_step: WaveNetStep, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    length = train_step.generator.receptive_field + train_step.config.targets
    classes = torch.randint(100, 156, (train_step.config.batch, length), generator=random)
    valid = torch.ones(train_step.config.batch, train_step.config.targets, dtype=torch.bool)
    valid[0, -7:] = False
    return classes, valid


def train(config: TrainConfig, steps: int = 5) -> WaveNetStep:
    train_step = WaveNetStep(config)
    for step in range(1, steps + 1):
        train_step.update(*batch(train_step, step), StepInfo(step, 2e-3, step / steps))
    return train_step


@pytest.mark.parametrize("value", ["draw", "mean"])
@pytest.mark.parametrize("arm", ["likelihood", "report", "report-formula"])
def test_every_weight_gets_a_gradient_and_changes(
    make_config: Make, adversary: AdversaryConfig, arm: str, value: str
) -> None:
    config = with_arm(make_config(rollout=RolloutConfig(value=value), adversary=adversary), arm)
    train_step = WaveNetStep(config)
    before = {name: p.detach().clone() for name, p in train_step.generator.named_parameters()}
    numbers = train_step.update(*batch(train_step), StepInfo(1, 2e-3, 0.0))
    for name, parameter in train_step.generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
        assert not torch.equal(parameter, before[name]), name
    assert numbers["bits"].item() == pytest.approx(8, abs=0.5)
    assert ("adversarial_loss" in numbers) == (arm != "likelihood")
    assert ("matching" in numbers) == (arm == "report-formula")


@pytest.mark.parametrize("updates", [1, 3])
def test_the_twin_at_weight_0_is_bitwise_the_likelihood_arm(
    make_config: Make, adversary: AdversaryConfig, updates: int
) -> None:
    base = make_config(adversary=replace(adversary, updates=updates))
    alone, twin = train(with_arm(base, "likelihood")), train(with_arm(base, "report-0"))
    assert alone.adversary is None
    assert twin.adversary is not None
    for name, value in alone.tensors()["generator"].items():
        assert torch.equal(twin.tensors()["generator"][name], value), name
    for name, value in alone.tensors()["average"].items():
        assert torch.equal(twin.tensors()["average"][name], value), name
    fresh = WaveNetStep(with_arm(base, "report-0"))
    assert fresh.adversary is not None
    trained, initial = twin.adversary.discriminator, fresh.adversary.discriminator
    assert isinstance(trained, PatchGAN)
    assert isinstance(initial, PatchGAN)
    assert not torch.equal(trained.last, initial.last)
    moved = train(with_arm(base, "report"))
    assert not torch.equal(moved.generator.end2, alone.generator.end2)


def test_the_twin_with_all_discriminators_is_bitwise_the_likelihood_arm(
    make_config: Make, everything: AdversaryConfig
) -> None:
    base = make_config(adversary=everything)
    alone, twin = train(with_arm(base, "likelihood")), train(with_arm(base, "report-0"))
    warming = train(with_arm(make_config(adversary=replace(everything, warmup=99)), "report"))
    moved = train(with_arm(base, "report"))
    for name, value in alone.tensors()["generator"].items():
        assert torch.equal(twin.tensors()["generator"][name], value), name
        assert torch.equal(warming.tensors()["generator"][name], value), name
        assert not torch.equal(moved.tensors()["generator"][name], value), name


def test_the_formulas_twin_at_weight_0_is_bitwise_matching_alone(
    make_config: Make, adversary: AdversaryConfig
) -> None:
    base = make_config(adversary=adversary)
    twin = train(with_arm(base, "report-formula-0"))
    alone = train(replace(with_arm(base, "report-formula"), adversary=None))
    assert torch.equal(twin.generator.dilated, alone.generator.dilated)


def test_a_loss_that_is_not_finite_stops_before_any_weight_changes(
    make_config: Make, adversary: AdversaryConfig
) -> None:
    train_step = train(make_config(adversary=adversary), steps=1)
    with torch.no_grad():
        train_step.generator.end2_bias[3] = float("nan")
    before = {name: value.clone() for name, value in train_step.tensors()["generator"].items()}
    with pytest.raises(FloatingPointError, match="the likelihood loss"):
        train_step.update(*batch(train_step), StepInfo(2, 2e-3, 0.0))
    for name, value in before.items():
        assert torch.equal(train_step.tensors()["generator"][name], value) or name == "end2_bias"


def test_a_gradient_that_is_not_finite_stops_before_any_weight_changes(make_config: Make) -> None:
    train_step = train(make_config(), steps=1)
    before = {name: value.clone() for name, value in train_step.tensors()["generator"].items()}
    end = train_step.generator.end1
    end.register_hook(lambda gradient: gradient * float("inf"))  # type: ignore[no-untyped-call]
    with pytest.raises(FloatingPointError, match="the generator's gradient"):
        train_step.update(*batch(train_step), StepInfo(2, 2e-3, 0.0))
    for name, value in before.items():
        assert torch.equal(train_step.tensors()["generator"][name], value), name


def test_clipping_bounds_the_gradient(make_config: Make) -> None:
    train_step = WaveNetStep(make_config(grad_clip=1e-3))
    norm = train_step.update(*batch(train_step), StepInfo(1, 2e-3, 0.0))["gradient_norm"]
    assert norm > 1e-2
    clipped = torch.nn.utils.get_total_norm(
        [p.grad for p in train_step.generator.parameters() if p.grad is not None]
    )
    assert clipped.item() == pytest.approx(1e-3, rel=1e-3)


def test_streams_are_separate(make_config: Make, adversary: AdversaryConfig) -> None:
    """An adversary changes neither the initial weights nor, by its size, the draws."""
    small = WaveNetStep(make_config(adversary=adversary))
    large = WaveNetStep(
        make_config(adversary=replace(adversary, patchgan=replace(adversary.patchgan, layers=4)))
    )
    none = WaveNetStep(make_config())
    assert torch.equal(small.generator.dilated, none.generator.dilated)
    assert torch.equal(small.rng.get_state(), large.rng.get_state())
    other = WaveNetStep(make_config(seed=1))
    assert not torch.equal(other.generator.dilated, none.generator.dilated)


def test_the_ema_by_hand(make_config: Make) -> None:
    model = WaveNetStep(make_config()).generator
    start = model.end2_bias.detach().clone()
    average = EMA(model, decay=0.5)
    with torch.no_grad():
        model.end2_bias.add_(1.0)
    average.update(model, 1)  # (1 + 1) / (10 + 1) is less than 0.5
    torch.testing.assert_close(average.model.end2_bias, start + 9 / 11)
    average.update(model, 100)
    torch.testing.assert_close(average.model.end2_bias, start + 9 / 11 + (2 / 11) / 2)


@pytest.mark.gpu
def test_a_gpu_takes_the_same_path(make_config: Make, adversary: AdversaryConfig) -> None:
    train_step = train(make_config(device="cuda", precision="auto", adversary=adversary))
    assert train_step.generator.end2.device.type == "cuda"
    assert all(torch.isfinite(value).all() for value in train_step.tensors()["generator"].values())


def test_bfloat16_trains_without_bfloat16_instructions(make_config: Make) -> None:
    train_step = WaveNetStep(make_config(precision="bfloat16"))
    first = train_step.update(*batch(train_step), StepInfo(1, 2e-3, 0.0))["bits"]
    assert train_step.generator.end2.dtype == torch.float32
    assert first.item() == pytest.approx(8, abs=0.5)
