"""Rounds of the ratio objective: what draws, what is compared, and in which order."""

import torch

from partita.device import ComputeDevice
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.training.config.ratio import RatioConfig
from partita.training.judges.base import ClipBatch
from partita.training.judges.ratio import RatioJudge
from partita.training.losses.ratio import ratio_loss

SHAPE = WaveNetConfig(
    blocks=1, layers=2, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8, classes=16
)
CPU = ComputeDevice(torch.device("cpu"), False)


def model_of(seed: int) -> WaveNet:
    model = WaveNet(SHAPE, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        model.end2.mul_(20.0)
    return model


def judge_of(config: RatioConfig, clips: int = 6) -> RatioJudge:
    return RatioJudge(CPU, config, SHAPE, clips, torch.Generator().manual_seed(0))


def clips_of(seed: int, clips: int = 6) -> ClipBatch:
    random = torch.Generator().manual_seed(seed)
    past, real, drawn = (torch.randint(16, (clips, length), generator=random) for length in (9, 20, 20))
    return ClipBatch(past, real, drawn)


def test_the_generator_becomes_the_reference_at_the_beginning_of_each_round() -> None:
    judge, random = judge_of(RatioConfig(refresh=3)), torch.randint(16, (1, 12))
    drawers = [judge.drawer(model_of(step), step=step)(random) for step in range(1, 8)]
    expected = [model_of(step)(random) for step in (1, 1, 1, 4, 4, 4, 7)]
    assert all(torch.equal(drawn, wanted) for drawn, wanted in zip(drawers, expected, strict=True))


def test_the_log_ratio_is_that_of_the_two_models() -> None:
    judge, clips = judge_of(RatioConfig(pairs=6)), clips_of(1)
    reference, generator = model_of(0), model_of(1)
    judge.drawer(reference, step=1)
    judge.update(generator, clips, step=1)
    found = judge.generator_loss(generator, clips)

    def log_p(model: WaveNet, sound: torch.Tensor) -> torch.Tensor:
        line = torch.cat([clips.past, sound], 1)
        inputs = line[:, clips.past.shape[1] - model.receptive_field : -1]
        return torch.log_softmax(model(inputs), -1).gather(-1, sound[..., None])[..., 0]

    ratios = [log_p(generator, sound) - log_p(reference, sound) for sound in (clips.real, clips.drawn)]
    torch.testing.assert_close(found.loss, ratio_loss(*ratios, beta=1.0).loss)
    assert not any(parameter.requires_grad for parameter in judge.reference.parameters())


def test_every_pair_is_used_once_before_clips_are_drawn_again() -> None:
    judge, clips, used = judge_of(RatioConfig(pairs=2, refresh=100)), clips_of(2), []
    judge.drawer(model_of(0), step=1)
    judge.update(model_of(0), clips, step=1)
    for _ in range(3):
        logits = judge.generator_loss(model_of(1), clips).logits
        alone = [judge_of(RatioConfig(pairs=1), clips=1) for _ in range(6)]
        for row, other in enumerate(alone):
            one = clips.rows(torch.tensor([row]))
            other.update(model_of(0), one, step=2)
            if any(torch.allclose(other.generator_loss(model_of(1), one).logits[0], each) for each in logits):
                used.append(row)
    assert sorted(used) == list(range(6))


def test_at_the_reference_the_loss_does_not_depend_on_the_clips() -> None:
    judge, model = judge_of(RatioConfig(pairs=6)), model_of(0)
    losses = []
    for clips in (clips_of(3), clips_of(4)):
        judge.drawer(model, step=1)
        judge.update(model, clips, step=1)
        losses.append(judge.generator_loss(model, clips).loss)
    torch.testing.assert_close(losses[0], losses[1])
