"""The derivative of drawn values: exact for one step, and along the chain for as many passes as samples."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from free_running import ROLLOUT
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.models.heads.base import DensityHead
from partita.models.heads.logistic import LogisticMixture
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.training.config.arms import with_arm
from partita.training.config.train import TrainConfig
from partita.training.losses.continuous import continuous_clips, waveform_of
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

Make = Callable[..., TrainConfig]
SHAPE = WaveNetConfig(
    blocks=1, layers=3, residual_channels=8, dilation_channels=8, skip_channels=8, end_channels=8,
    classes=65535, mixtures=2, head="gaussian",
)  # fmt: skip


def network(head: str) -> WaveNet:
    model = WaveNet(replace(SHAPE, head=head), generator=torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        model.end2.mul_(3.0)
        places = torch.linspace(-1.0, 1.0, len(model.embedding), dtype=torch.float64)
        model.embedding.copy_(places[:, None] * model.embedding[:1])  # no kinks
        (model.end2_bias[4:] if head == "logistic" else model.end2_bias[1:]).fill_(-2.0)
    return model


def rolled_out(model: WaveNet, past: Tensor, quantiles: Tensor) -> Tensor:
    """Return the values of a clip at fixed quantiles, one after the other, by bisection, not rounded."""
    values = model.head.values(past).double()  # type: ignore[attr-defined]
    with torch.no_grad():
        for t in range(quantiles.shape[1]):
            outputs: Tensor = model(values[:, -model.receptive_field :])[:, -1]
            low, high = torch.full((len(past),), -3.0).double(), torch.full((len(past),), 3.0).double()
            for _ in range(60):
                middle = (low + high) / 2
                above = below(model.head, outputs, middle) > quantiles[:, t]  # type: ignore[arg-type]
                low, high = torch.where(above, low, middle), torch.where(above, middle, high)
            values = torch.cat([values, middle[:, None]], 1)
    drawn: Tensor = values[:, past.shape[1] :]
    return drawn


def below(head: DensityHead, outputs: Tensor, values: Tensor) -> Tensor:
    if isinstance(head, LogisticMixture):
        found: Tensor = head.below(outputs, values)
        return found
    quantile: Tensor = torch.special.ndtr((values - outputs[..., 0]) / outputs[..., 1].exp())
    return quantile


@pytest.mark.parametrize("head", ["gaussian", "logistic"])
def test_as_many_passes_as_samples_give_the_derivative_of_the_whole_roll_out(head: str) -> None:
    model, random = network(head), torch.Generator().manual_seed(2)
    past = torch.randint(20000, 45000, (2, model.receptive_field), generator=random)
    quantiles = 0.1 + 0.8 * torch.rand(2, 5, generator=random, dtype=torch.float64)
    assert isinstance(model.head, DensityHead)
    drawn = ((rolled_out(model, past, quantiles) + 1) * 32767.0).round().long()
    assert drawn.min() > 0 and drawn.max() < 65534
    weights = torch.randn(2, 5, generator=random, dtype=torch.float64)
    values, _ = continuous_clips(model, model.head, past, drawn, passes=5)
    torch.testing.assert_close(values, model.head.values(drawn).to(values))
    parameters = [model.end2_bias, model.skip_bias, model.end1_bias]
    gradients = torch.autograd.grad((values * weights).sum(), parameters)
    direction = [torch.randn(one.shape, generator=random, dtype=torch.float64) for one in parameters]
    # at the quantiles of the rounded values
    with torch.no_grad():
        inputs = model.head.values(torch.cat([past, drawn], 1)).double()
        outputs = model(inputs[:, :-1])
        at = below(model.head, outputs, model.head.values(drawn).double())
        ends = []
        for step in (-1e-4, 1e-4):
            for one, way in zip(parameters, direction, strict=True):
                one.add_(way, alpha=step)
            ends.append((rolled_out(model, past, at) * weights).sum())
            for one, way in zip(parameters, direction, strict=True):
                one.add_(way, alpha=-step)
    expected = float(ends[1] - ends[0]) / 2e-4
    found = sum(float((g * way).sum()) for g, way in zip(gradients, direction, strict=True))
    assert found == pytest.approx(expected, rel=0.05)


def test_a_waveform_has_the_slope_of_its_table() -> None:
    table = torch.tensor([-1.0, -0.2, 0.0, 0.2, 1.0])
    values = torch.linspace(-1, 1, 5).requires_grad_()
    waveform = waveform_of(values, torch.arange(5), table)
    assert torch.equal(waveform, table)
    (slope,) = torch.autograd.grad(waveform.sum(), values)
    torch.testing.assert_close(slope, torch.tensor([1.6, 1.0, 0.4, 1.0, 1.6]))


@pytest.mark.parametrize("head", ["gaussian", "logistic"])
@pytest.mark.parametrize("passes", [1, 2])
def test_an_adversary_reaches_a_generator_of_16_bits(make_config: Make, head: str, passes: int) -> None:
    shape = replace(make_config().network_shape, head=head, classes=65535, mixtures=2)
    base = make_config(
        network=shape,
        quantizer=Quantizer(kind="linear", classes=65535),
        rollout=replace(ROLLOUT, initial_length=64, prompt_tail=256, passes=passes),
    )
    weights = {}
    for arm in ("likelihood", "pathwise-0", "pathwise"):
        config = with_arm(base, arm)
        if config.adversary is not None:
            config = replace(config, adversary=replace(config.adversary, warmup=0))
        train_step = WaveNetStep(config)
        random = torch.Generator().manual_seed(4)
        for step in (1, 2, 3):
            classes = 32767 + torch.randint(-400, 400, (base.batch, 1000 + base.targets), generator=random)
            valid = torch.ones(base.batch, base.targets, dtype=torch.bool)
            numbers = train_step.update(
                classes[:, 1000 - train_step.context :], valid, StepInfo(step, 1e-3, step / 3)
            )
        weights[arm] = train_step.tensors()["generator"]
    assert {"adversarial_loss", "entropy_drawn"} <= numbers.keys()
    same = [torch.equal(value, weights["pathwise-0"][name]) for name, value in weights["likelihood"].items()]
    assert all(same)
    assert not torch.equal(weights["pathwise"]["end2"], weights["likelihood"]["end2"])
