"""A critic that goes on as a discriminator: its loss by hand, what it leaves alone, and that it learns."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from partita.device import ComputeDevice
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.training.judges.correction import Correction, horizons

CPU = ComputeDevice(torch.device("cpu"), False)
SHAPE = WaveNetConfig(
    blocks=1,
    layers=3,
    residual_channels=8,
    dilation_channels=8,
    skip_channels=8,
    end_channels=8,
    classes=4,
)


def model(seed: int, layers: int = 3) -> WaveNet:
    made = WaveNet(replace(SHAPE, layers=layers), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        made.end2.mul_(20.0)  # sure of itself
    return made


def drawn_by(source: WaveNet, past: torch.Tensor, steps: int, random: torch.Generator) -> torch.Tensor:
    line = past
    with torch.no_grad():
        for _ in range(steps):
            p = source(line[:, -source.receptive_field :])[:, -1].softmax(-1)
            line = torch.cat([line, torch.multinomial(p, 1, generator=random)], 1)
    return line[:, past.shape[1] :]


Given = Callable[[int], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


@pytest.fixture
def given() -> Given:
    """Pasts, how the data (model 2) goes on, and how the generator (model 0) does."""

    def make(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        random = torch.Generator().manual_seed(seed)
        past = torch.randint(4, (64, 40), generator=random)
        return past, drawn_by(model(2), past, 16, random), drawn_by(model(0), past, 16, random)

    return make


def test_the_loss_is_that_of_the_log_ratios_of_both_models(given: Given) -> None:
    past, real, drawn = given(0)
    generator, critic = model(0), model(1, layers=4)
    expected = torch.zeros(())
    for sound, sign in ((real, -1.0), (drawn, 1.0)):
        line, ratio = torch.cat([past, sound], 1), torch.zeros(64)
        for t in range(16):
            for judge, weight in ((critic, 1.0), (generator, -1.0)):
                with torch.no_grad():
                    before = line[:, : past.shape[1] + t]
                    said = judge(before[:, -judge.receptive_field :])[:, -1].log_softmax(-1)
                ratio = ratio + weight * said.gather(1, sound[:, t : t + 1])[:, 0]
            if t in (7, 15):
                expected = expected + torch.nn.functional.softplus(sign * ratio).mean() / 2
    found = Correction(critic, CPU, learning_rate=0.0).learn(generator, past, real, drawn)
    torch.testing.assert_close(found["discriminator_loss"], expected, rtol=1e-4, atol=1e-5)


def test_it_changes_the_critic_alone(given: Given) -> None:
    generator, critic = model(0), model(1)
    before = [p.clone() for p in generator.parameters()]
    start = [p.clone() for p in critic.parameters()]
    Correction(critic, CPU, learning_rate=1e-2).learn(generator, *given(0))
    for now, then in zip(generator.parameters(), before, strict=True):
        assert torch.equal(now, then) and now.grad is None
    assert all(not torch.equal(p, q) for p, q in zip(critic.parameters(), start, strict=True))
    assert not any(p.requires_grad for p in critic.parameters())


def test_a_critic_that_knows_nothing_comes_to_tell_them_apart(given: Given) -> None:
    """From the generator's own weights, whose log-ratio is 0 everywhere, on fresh clips."""
    generator, critic = model(0), model(0)
    correction = Correction(critic, CPU, learning_rate=3e-3)
    losses = [float(correction.learn(generator, *given(seed))["discriminator_loss"]) for seed in range(40)]
    assert losses[0] == pytest.approx(2 * torch.log(torch.tensor(2.0)).item())
    assert sum(losses[-5:]) / 5 < 1.1


def test_what_is_not_finite_moves_nothing(given: Given) -> None:
    critic = model(1)
    correction = Correction(critic, CPU, learning_rate=1e-2)
    broken = model(0)
    with torch.no_grad():
        broken.end2.fill_(float("nan"))
    before = [p.clone() for p in critic.parameters()]
    with pytest.raises(FloatingPointError, match="critic"):
        correction.learn(broken, *given(0))
    assert all(torch.equal(p, q) for p, q in zip(critic.parameters(), before, strict=True))


def test_clips_are_judged_after_twice_as_many_samples_each_time() -> None:
    assert horizons(64) == [7, 15, 31, 63]
    assert horizons(8) == [7]
    assert horizons(1) == [0]
