"""The teacher-forced rollout: draws by the probabilities, on the quantizer's grid, gradient of the mean."""

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.training.judges.base import WaveformPair
from partita.training.rollouts.teacher_forced import draw_by_inverse_cdf, teacher_forced

QUANTIZER = Quantizer(classes=16)
TABLE = torch.tensor(QUANTIZER.table)
VALID = torch.ones(2, 50, dtype=torch.bool)


def random_logits(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 50, 16, generator=torch.Generator().manual_seed(seed)) * 2


def targets() -> torch.Tensor:
    return torch.randint(16, (2, 50), generator=torch.Generator().manual_seed(9))


def roll(logits: torch.Tensor, value: str, seed: int = 0, valid: torch.Tensor = VALID) -> WaveformPair:
    random = torch.Generator().manual_seed(seed)
    return teacher_forced(logits, targets(), valid, quantizer=QUANTIZER, value=value, rng=random)


@pytest.mark.parametrize("value", ["draw", "mean"])
def test_real_and_fake_lie_on_the_same_grid(value: str) -> None:
    rolled = roll(random_logits(), value)
    assert torch.equal(rolled.real, TABLE[targets()])
    assert torch.isin(rolled.fake, TABLE).all()


@pytest.mark.parametrize("value", ["draw", "mean"])
def test_the_gradient_is_that_of_the_mean(value: str) -> None:
    weights = torch.linspace(-1, 1, 100).view(2, 50)
    through = random_logits().requires_grad_()
    torch.autograd.backward((roll(through, value).fake * weights).sum())
    mean = random_logits().requires_grad_()
    torch.autograd.backward(((torch.softmax(mean, 2) @ TABLE) * weights).sum())
    assert through.grad is not None
    assert mean.grad is not None
    torch.testing.assert_close(through.grad, mean.grad)


def test_the_mean_is_rounded_as_the_quantizer_rounds() -> None:
    mean = (torch.softmax(random_logits(), 2) @ TABLE).numpy()
    assert np.array_equal(roll(random_logits(), "mean").fake, QUANTIZER.decode(QUANTIZER.encode(mean)))


def test_draws_follow_the_probabilities() -> None:
    probability = torch.tensor([0.1, 0.0, 0.6, 0.3])
    uniform = torch.rand(100_000, generator=torch.Generator().manual_seed(0))
    drawn = draw_by_inverse_cdf(probability.expand(100_000, 4), uniform)
    share = torch.bincount(drawn, minlength=4) / 100_000
    assert share[1] == 0
    assert (share - probability).abs().max() < 0.005  # over three standard errors


def test_every_class_can_be_drawn_and_none_beyond_the_last() -> None:
    flat = torch.full((3, 4), 0.25)
    assert draw_by_inverse_cdf(flat, torch.tensor([0.0, 0.25, 1.0 - 2**-24])).tolist() == [0, 1, 3]


def test_the_stream_decides_the_draws() -> None:
    logits = random_logits()
    assert torch.equal(roll(logits, "draw", 1).fake, roll(logits, "draw", 1).fake)
    assert not torch.equal(roll(logits, "draw", 1).fake, roll(logits, "draw", 2).fake)


def test_invalid_targets_have_equal_waveforms_and_no_gradient() -> None:
    valid = VALID.clone()
    valid[1, 30:] = False
    logits = random_logits().requires_grad_()
    rolled = roll(logits, "draw", valid=valid)
    assert torch.equal(rolled.fake[1, 30:], rolled.real[1, 30:])
    torch.autograd.backward(rolled.fake.sum())
    assert logits.grad is not None
    assert logits.grad[1, 30:].abs().max() == 0
    assert logits.grad[1, :30].abs().max() > 0
