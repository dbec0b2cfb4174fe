"""Gradients of a second loss: their norms are the configured share of those of the first loss."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.losses.gradient_scaling import add_gradient, gradient_ratio
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

Make = Callable[..., TrainConfig]


def test_a_share_of_the_gradient_by_hand() -> None:
    for relative, expected in ((True, [3.0 + 2.5 * 0.6, 4.0 + 2.5 * 0.8]), (False, [3.3, 4.4])):
        weights = torch.nn.Parameter(torch.tensor([0.6, 0.8]))
        weights.grad = torch.tensor([3.0, 4.0])
        loss = weights.square().sum() / 2  # its gradient is the weights, of norm 1
        ratio = add_gradient([weights], loss, weight=0.5, relative=relative)
        assert ratio.item() == pytest.approx(0.2)
        assert weights.grad.tolist() == pytest.approx(expected)


def test_the_ratio_of_two_norms() -> None:
    logits = torch.randn(2, 3, 4, requires_grad=True)
    first, second = 2.0 * logits.sum(), 0.5 * logits.sum()
    assert gradient_ratio(first, second, logits).item() == pytest.approx(4.0)
    assert gradient_ratio(first, second, logits).grad_fn is None


def test_the_ratio_is_0_without_a_second_gradient() -> None:
    logits = torch.randn(3, requires_grad=True)
    assert gradient_ratio(logits.sum(), (0.0 * logits).sum(), logits).item() == 0.0


@pytest.mark.parametrize("loss", ["log", "least-squares", "hinge"])
@pytest.mark.parametrize("arm", ["report", "report-formula"])
def test_the_gradient_at_the_networks_output_has_the_configured_share(
    make_config: Make, adversary: AdversaryConfig, arm: str, loss: str
) -> None:
    """Compare the gradient at the logits with that of the twin at weight 0."""
    arrived = {}
    for share in (0.0, 0.25):
        config = replace(adversary, weight=share, weight_by="gradient", loss=loss)
        train_step = WaveNetStep(with_arm(make_config(adversary=config), arm))

        def record(module: object, inputs: object, logits: torch.Tensor, share: float = share) -> None:
            if logits.requires_grad:
                logits.register_hook(  # type: ignore[no-untyped-call]
                    lambda gradient: arrived.update({share: gradient.clone()})
                )

        train_step.generator.register_forward_hook(record)
        random = torch.Generator().manual_seed(0)
        length = train_step.generator.receptive_field + train_step.config.targets
        classes = torch.randint(100, 156, (2, length), generator=random)
        train_step.update(
            classes, torch.ones(2, train_step.config.targets, dtype=torch.bool), StepInfo(1, 1e-3, 0.0)
        )
    extra = arrived[0.25] - arrived[0.0]
    assert (extra.norm() / arrived[0.0].norm()).item() == pytest.approx(0.25, rel=1e-4)
