"""With a small teacher as the data, the critic lowers the exact reverse divergence."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from partita.audio.quantizer import Quantizer
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import draw
from partita.training.config.arms import with_arm
from partita.training.config.train import CriticConfig, RolloutConfig, TrainConfig
from partita.training.losses.likelihood import sample_nats
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

pytestmark = pytest.mark.slow
Make = Callable[..., TrainConfig]
CLASSES, BATCH, TARGETS = 12, 8, 512
QUANTIZER = Quantizer(classes=CLASSES)
SHAPE = WaveNetConfig(
    blocks=1,
    layers=3,
    residual_channels=16,
    dilation_channels=16,
    skip_channels=16,
    end_channels=16,
    classes=CLASSES,
)


def teacher_of(seed: int) -> WaveNet:
    """Return a random model of low entropy with a larger receptive field than the student."""
    model = WaveNet(replace(SHAPE, layers=5), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        model.end2.mul_(40.0)
    return model.eval().requires_grad_(False)


def clips_of(model: WaveNet, past: Tensor | None, clips: int, steps: int, seed: int) -> Tensor:
    config = SamplingConfig(seed=seed, threads=1, device="cpu")
    prompt = None if past is None else past.numpy()
    zero = QUANTIZER.zero_class
    drawn = draw(model, clips=clips, steps=steps, prompt=prompt, config=config, zero_class=zero)
    return torch.from_numpy(drawn).long()


def log_p(model: WaveNet, past: Tensor, drawn: Tensor) -> Tensor:
    inputs = torch.cat([past[:, past.shape[1] - model.receptive_field :], drawn[:, :-1]], 1)
    with torch.no_grad():
        return -sample_nats(model(inputs), drawn) / math.log(2)


def divergences(student: WaveNet, teacher: WaveNet) -> tuple[Tensor, Tensor]:
    """Return KL(teacher || student) and KL(student || teacher) on fresh clips, in bits per sample."""
    reach = teacher.receptive_field
    sound = clips_of(teacher, None, 256, 2 * reach + 512, seed=2)[:, reach:]
    past, real = sound[:, :reach], sound[:, reach:]
    own = clips_of(student, past, 256, 512, seed=3)
    forward = log_p(teacher, past, real) - log_p(student, past, real)
    backward = log_p(student, past, own) - log_p(teacher, past, own)
    return forward.mean(1), backward.mean(1)


def trained(
    config: TrainConfig, teacher: WaveNet, data: Tensor, rate: float, start: dict[str, Tensor] | None = None
) -> WaveNet:
    train_step = WaveNetStep(config, critic=teacher if config.critic is not None else None)
    if start is not None:
        train_step.begin_from(start)
    random, steps = torch.Generator().manual_seed(7), config.steps or 0
    reach = teacher.receptive_field
    for step in range(1, steps + 1):
        rows = torch.randint(len(data), (BATCH,), generator=random)
        starts = torch.randint(reach, data.shape[1] - TARGETS + 1, (BATCH,), generator=random)
        columns = starts[:, None] + torch.arange(-train_step.context, TARGETS)
        windows = data[rows[:, None], columns]
        fade = 0.05 + 0.95 * (1 + math.cos(math.pi * step / steps)) / 2
        update = StepInfo(step, rate * min(1.0, step / 20) * fade, step / steps)
        train_step.update(windows, torch.ones(BATCH, TARGETS, dtype=torch.bool), update)
    return train_step.best_model


@pytest.mark.parametrize("seed", [0, 1])
def test_the_ratio_stays_near_the_likelihood(make_config: Make, seed: int) -> None:
    """Train one student for 150 more updates, by likelihood alone and with the ratio objective."""
    teacher = teacher_of(seed)
    data = clips_of(teacher, None, 256, teacher.receptive_field + 1024, seed=1)
    settings: dict[str, Any] = {"network": SHAPE, "quantizer": QUANTIZER, "targets": TARGETS, "batch": BATCH}
    base = make_config(**settings, steps=300)
    start = dict(trained(base, teacher, data, 4e-3).state_dict())
    base = replace(base, steps=150, rollout=RolloutConfig(clips=128, length=256, initial_length=256))
    results = {}
    for arm in ("likelihood", "ddo"):
        config = with_arm(base, arm)
        if config.ratio is not None:
            config = replace(config, ratio=replace(config.ratio, pairs=16))
        results[arm] = divergences(trained(config, teacher, data, 2e-3, start), teacher)
    for alone, with_ratio in zip(results["likelihood"], results["ddo"], strict=True):
        assert float(with_ratio.mean()) == pytest.approx(float(alone.mean()), rel=0.1)


@pytest.mark.parametrize("discount", [0.0, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_exact_log_ratio_as_reward_lowers_the_reverse_divergence(
    make_config: Make, seed: int, discount: float
) -> None:
    """Train one student for 150 more updates, by likelihood alone and with the teacher as critic."""
    teacher = teacher_of(seed)
    data = clips_of(teacher, None, 256, teacher.receptive_field + 1024, seed=1)
    settings: dict[str, Any] = {"network": SHAPE, "quantizer": QUANTIZER, "targets": TARGETS, "batch": BATCH}
    base = make_config(**settings, steps=300)
    start = dict(trained(base, teacher, data, 4e-3).state_dict())
    rollout = RolloutConfig(clips=32, length=256, initial_length=64)
    base = replace(base, steps=150, rollout=rollout)
    results = {}
    for arm in ("likelihood", "critic"):
        config = with_arm(base, arm)
        if config.critic is not None:
            config = replace(config, critic=replace(config.critic, discount=discount))
        model = trained(config, teacher, data, 2e-3, start)
        results[arm] = divergences(model, teacher)
    plain, helped = results["likelihood"], results["critic"]
    gain = plain[1] - helped[1]
    assert gain.mean() > 4 * gain.std() / math.sqrt(len(gain))
    assert helped[1].mean() < 0.95 * plain[1].mean()
    assert helped[0].mean() < 1.02 * plain[0].mean()
    assert with_arm(base, "critic").critic == CriticConfig()
