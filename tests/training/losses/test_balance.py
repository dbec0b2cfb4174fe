"""The adversarial gradient as a share of the matching one: exact, and not there at weight 0."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.losses.balance import gradient_ratio
from partita.training.train_step import TrainStep, Update

Make = Callable[..., TrainConfig]


def test_the_ratio_of_two_lengths() -> None:
    logits = torch.randn(2, 3, 4, requires_grad=True)
    first, second = 2.0 * logits.sum(), 0.5 * logits.sum()
    assert gradient_ratio(first, second, logits).item() == pytest.approx(4.0)
    assert gradient_ratio(first, second, logits).grad_fn is None


def test_nothing_to_scale_is_left_alone() -> None:
    logits = torch.randn(3, requires_grad=True)
    assert gradient_ratio(logits.sum(), (0.0 * logits).sum(), logits).item() == 0.0


@pytest.mark.parametrize("loss", ["log", "least-squares", "hinge"])
@pytest.mark.parametrize("arm", ["report", "report-formula"])
def test_what_reaches_the_networks_output_has_the_share_asked_for(
    make_config: Make, adversary: AdversaryConfig, arm: str, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum's gradient less the matching one's, which the twin at weight 0 has."""
    arrived = {}
    for share in (0.0, 0.25):
        config = replace(adversary, weight=share, weight_by="gradient", loss=loss)
        train_step = TrainStep(with_arm(make_config(adversary=config), arm))
        forward = train_step._forward

        def tapped(classes: torch.Tensor, share: float = share, forward=forward) -> torch.Tensor:  # type: ignore[no-untyped-def]
            logits: torch.Tensor = forward(classes)
            logits.register_hook(lambda gradient: arrived.update({share: gradient.clone()}))
            return logits

        monkeypatch.setattr(train_step, "_forward", tapped)
        random = torch.Generator().manual_seed(0)
        length = train_step.generator.receptive_field + train_step.config.targets
        classes = torch.randint(100, 156, (2, length), generator=random)
        train_step.update(
            classes, torch.ones(2, train_step.config.targets, dtype=torch.bool), Update(1, 1e-3, 0.0)
        )
    extra = arrived[0.25] - arrived[0.0]
    assert (extra.norm() / arrived[0.0].norm()).item() == pytest.approx(0.25, rel=1e-4)
