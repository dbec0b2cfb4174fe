"""The training of a critic: its loss by hand, which weights change, and that the critic learns."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from partita.device import ComputeDevice
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.training.judges.base import ClipBatch
from partita.training.judges.critic_trainer import CriticTrainer
from partita.training.losses.ratio import logit_positions

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
        made.end2.mul_(20.0)  # low entropy
    return made


def drawn_by(source: WaveNet, past: torch.Tensor, steps: int, random: torch.Generator) -> torch.Tensor:
    line = past
    with torch.no_grad():
        for _ in range(steps):
            p = source(line[:, -source.receptive_field :])[:, -1].softmax(-1)
            line = torch.cat([line, torch.multinomial(p, 1, generator=random)], 1)
    return line[:, past.shape[1] :]


MakeClips = Callable[[int], ClipBatch]


@pytest.fixture
def make_clips() -> MakeClips:
    """Return random pasts, continued by the data (model 2) and by the generator (model 0)."""

    def make(seed: int) -> ClipBatch:
        random = torch.Generator().manual_seed(seed)
        past = torch.randint(4, (64, 40), generator=random)
        return ClipBatch(past, drawn_by(model(2), past, 16, random), drawn_by(model(0), past, 16, random))

    return make


def test_the_loss_is_that_of_the_log_ratios_of_both_models(make_clips: MakeClips) -> None:
    clips = make_clips(0)
    generator, critic = model(0), model(1, layers=4)
    expected = torch.zeros(())
    for sound, sign in ((clips.real, -1.0), (clips.drawn, 1.0)):
        line, ratio = torch.cat([clips.past, sound], 1), torch.zeros(64)
        for t in range(16):
            for judge, weight in ((critic, 1.0), (generator, -1.0)):
                with torch.no_grad():
                    before = line[:, : clips.past.shape[1] + t]
                    log_p = judge(before[:, -judge.receptive_field :])[:, -1].log_softmax(-1)
                ratio = ratio + weight * log_p.gather(1, sound[:, t : t + 1])[:, 0]
            if t in (7, 15):
                expected = expected + torch.nn.functional.softplus(sign * ratio).mean() / 2
    found = CriticTrainer(critic, CPU, learning_rate=0.0).update(generator, clips)
    torch.testing.assert_close(found["discriminator_loss"], expected, rtol=1e-4, atol=1e-5)


def test_an_update_changes_only_the_critic(make_clips: MakeClips) -> None:
    generator, critic = model(0), model(1)
    before = [p.clone() for p in generator.parameters()]
    start = [p.clone() for p in critic.parameters()]
    CriticTrainer(critic, CPU, learning_rate=1e-2).update(generator, make_clips(0))
    for now, then in zip(generator.parameters(), before, strict=True):
        assert torch.equal(now, then) and now.grad is None
    assert all(not torch.equal(p, q) for p, q in zip(critic.parameters(), start, strict=True))
    assert not any(p.requires_grad for p in critic.parameters())


def test_a_critic_without_knowledge_learns_to_tell_real_from_drawn(make_clips: MakeClips) -> None:
    """The critic starts with the generator's weights, whose log-ratio is 0, and gets new clips each time."""
    generator, critic = model(0), model(0)
    trainer = CriticTrainer(critic, CPU, learning_rate=3e-3)
    losses = [float(trainer.update(generator, make_clips(seed))["discriminator_loss"]) for seed in range(40)]
    assert losses[0] == pytest.approx(2 * torch.log(torch.tensor(2.0)).item())
    assert sum(losses[-5:]) / 5 < 1.1


def test_a_loss_that_is_not_finite_changes_no_weight(make_clips: MakeClips) -> None:
    critic = model(1)
    trainer = CriticTrainer(critic, CPU, learning_rate=1e-2)
    broken = model(0)
    with torch.no_grad():
        broken.end2.fill_(float("nan"))
    before = [p.clone() for p in critic.parameters()]
    with pytest.raises(FloatingPointError, match="critic"):
        trainer.update(broken, make_clips(0))
    assert all(torch.equal(p, q) for p, q in zip(critic.parameters(), before, strict=True))


def test_the_distance_between_logits_doubles() -> None:
    assert logit_positions(64) == [7, 15, 31, 63]
    assert logit_positions(8) == [7]
    assert logit_positions(1) == [0]
