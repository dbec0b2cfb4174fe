"""A discriminator of the generator's layers, and penalties by differences, in training."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.discriminators.trunk import TrunkConfig, TrunkDiscriminator
from partita.models.wavenet import WaveNet
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.judges.adversary import NUDGE, Adversary
from partita.training.judges.base import WaveformPair
from partita.training.losses.gan import difference_penalty, gradient_penalty
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

Make = Callable[..., TrainConfig]
CPU = ComputeDevice(torch.device("cpu"), bfloat16=False)
TRUNK = AdversaryConfig(
    discriminators=("trunk",), trunk=TrunkConfig(layers=3, channels=16), learning_rate=1e-3
)
LONGEST_CONTEXT = 1024


def trunk_of(train_step: WaveNetStep) -> TrunkDiscriminator:
    judge = train_step.adversary
    if judge is None:
        assert train_step.free_running is not None
        judge = train_step.free_running.judges[-1].adversary  # type: ignore[attr-defined]
    assert isinstance(judge.discriminator, TrunkDiscriminator)
    return judge.discriminator


def batch(train_step: WaveNetStep, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a smooth random walk over the classes, whose end does not depend on the context."""
    config, random = train_step.config, torch.Generator().manual_seed(seed)
    steps = torch.randint(-4, 5, (config.batch, LONGEST_CONTEXT + config.targets), generator=random)
    walk = (128 + steps.cumsum(1)).clamp(0, 255)
    windows = walk[:, LONGEST_CONTEXT - train_step.context :]
    return windows, torch.ones(config.batch, config.targets, dtype=torch.bool)


@pytest.mark.parametrize("arm", ["report", "pathwise"])
def test_it_begins_with_the_layers_of_the_model_that_the_run_starts_from(make_config: Make, arm: str) -> None:
    train_step = WaveNetStep(with_arm(make_config(adversary=TRUNK), arm))
    start = WaveNet(train_step.config.network_shape, generator=torch.Generator().manual_seed(9))
    train_step.begin_from(dict(start.state_dict()))
    trunk = trunk_of(train_step)
    assert torch.equal(trunk.trunk["dilated"], start.dilated[:3])
    train_step.update(*batch(train_step, 0), StepInfo(1, 2e-3, 0.0))
    assert not torch.equal(trunk.trunk["dilated"], start.dilated[:3])
    assert not torch.equal(trunk.trunk["dilated"], train_step.generator.dilated[:3])


@pytest.mark.parametrize("arm", ["report", "pathwise"])
def test_its_twin_is_bitwise_the_likelihood_arm(make_config: Make, arm: str) -> None:
    weights = []
    for name in ("likelihood", f"{arm}-0"):
        train_step = WaveNetStep(with_arm(make_config(adversary=TRUNK), name))
        for step in (1, 2, 3):
            train_step.update(*batch(train_step, step), StepInfo(step, 2e-3, step / 3))
        weights.append(train_step.tensors()["generator"])
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_it_learns_to_tell_real_from_drawn_sound_and_gives_a_gradient(make_config: Make) -> None:
    train_step = WaveNetStep(with_arm(make_config(adversary=replace(TRUNK, weight=1.0)), "report"))
    for step in range(120):  # the walk's steps are small, those of a network at its beginning are not
        numbers = train_step.update(*batch(train_step, step), StepInfo(step + 1, 0.0, 0.0))
    assert numbers["discriminator_real"] > 0.8
    assert numbers["discriminator_fake"] < 0.2
    assert numbers["adversarial_loss"] > 1.0


def test_both_penalties_estimate_the_same_slope(adversary: AdversaryConfig) -> None:
    judge = Adversary(replace(adversary, learning_rate=1e-3), seed=0, compute=CPU)
    random = torch.Generator().manual_seed(0)
    sound = torch.cumsum(torch.randn(4, 64, generator=random), 1) / 16
    judge.update(WaveformPair(sound, -sound), lambda: WaveformPair(sound, -sound))
    waveform = sound.clone().requires_grad_()
    logits = judge.discriminator(waveform)[-1]
    slopes = [
        torch.autograd.grad(logits[:, i].sum(), waveform, retain_graph=True)[0].square().sum(1)
        for i in range(logits.shape[1])
    ]
    exact = float(torch.stack(slopes).mean())
    with torch.no_grad():
        drawn = []
        for _ in range(2000):
            moved = sound + NUDGE * torch.randn(sound.shape, generator=random)
            pair = judge.discriminator(sound)[-1], judge.discriminator(moved)[-1]
            drawn.append(float(difference_penalty([pair], distance=NUDGE)))
    mean, error = torch.tensor(drawn).mean().item(), torch.tensor(drawn).std().item() / 2000**0.5
    assert mean == pytest.approx(exact, abs=5 * error)
    assert gradient_penalty(waveform, [logits[:, :1]]).item() == pytest.approx(float(slopes[0].mean()))


def test_a_penalty_by_differences_makes_it_flatter_and_resumes(make_config: Make) -> None:
    slopes, penalised = [], replace(TRUNK, r1=1000.0, r2=1000.0, r1_every=1, penalty="difference")
    for judge in (TRUNK, penalised):
        train_step = WaveNetStep(with_arm(make_config(adversary=judge), "report"))
        for step in range(30):
            train_step.update(*batch(train_step, step), StepInfo(step + 1, 0.0, 0.0))
        classes, _ = batch(train_step, 99)
        sound = torch.tensor(train_step.config.quantizer.table)[classes[:, -512:]].requires_grad_()
        assert train_step.adversary is not None
        logits = train_step.adversary.discriminator(sound)[-1]
        (gradient,) = torch.autograd.grad(logits.sum(), sound)
        slopes.append(float(gradient.norm()))
    assert slopes[1] < 0.7 * slopes[0]
    again = WaveNetStep(train_step.config)
    again.restore(deepcopy(train_step.tensors()))
    for one in (train_step, again):
        one.update(*batch(one, 50), StepInfo(31, 0.0, 0.0))
    first, second = (one.tensors()["adversary"] for one in (train_step, again))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_contradictions_are_refused() -> None:
    with pytest.raises(PartitaError, match="set `penalty` to `difference`"):
        replace(TRUNK, r1=1.0)
    with pytest.raises(PartitaError, match="`spectral_norm` would change the layers"):
        replace(TRUNK, spectral_norm=True)
    assert not TRUNK.can_steer
