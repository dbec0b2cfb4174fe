"""Adversaries that compare a clip with what really follows its prompt, or leave the prompt out."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, RolloutConfig, TrainConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import ClipBatch, WaveformPair
from partita.training.judges.discriminator import DiscriminatorJudge

CPU = ComputeDevice(torch.device("cpu"), bfloat16=False)
PROMPT = 128


def with_prompt(seed: int, noise: float = 0.3) -> WaveformPair:
    """Return sound of 256 samples, with a drawn end of 128 samples that is noisier than the real one."""
    random = torch.Generator().manual_seed(seed)
    real = torch.cumsum(torch.randn(4, 256, generator=random), 1) / 16
    fake = real + noise * torch.randn(4, 256, generator=random)
    return WaveformPair(real, torch.cat([real[:, :PROMPT], fake[:, PROMPT:]], 1), PROMPT)


def test_the_relativistic_generator_loss_falls_where_the_clip_is_nearer_to_real(
    adversary: AdversaryConfig,
) -> None:
    judge = Adversary(replace(adversary, loss="relativistic", learning_rate=1e-3), seed=0, compute=CPU)
    for number in range(60):
        judge.update(with_prompt(number), lambda: with_prompt(0))
    losses = []
    for noise in (0.0, 0.1, 0.3):
        pair = with_prompt(999, noise)
        losses.append(judge.generator_loss(pair.fake, pair.real, prompt_length=PROMPT).item())
    assert losses == sorted(losses)
    assert losses[0] == pytest.approx(0.693, abs=1e-3), "two equal sounds have equal logits"


@pytest.mark.parametrize("mask", [False, True])
def test_a_masked_prompt_has_no_part_in_the_losses(adversary: AdversaryConfig, mask: bool) -> None:
    """Computed by hand: half of the patches lie in the prompt, and count only without the mask."""
    judge = Adversary(replace(adversary, loss="log", mask_prompt=mask), seed=0, compute=CPU)
    pair = with_prompt(1)
    with torch.no_grad():
        drawn, real = (judge.discriminator(sound)[-1] for sound in (pair.fake, pair.real))
    first = drawn.shape[1] // 2 if mask else 0
    fooled = softplus(-drawn[:, first:]).mean()
    loss = judge.generator_loss(pair.fake, pair.real, prompt_length=PROMPT)
    assert loss.item() == pytest.approx(fooled.item(), rel=1e-5)
    told = softplus(-real[:, first:]).mean() + softplus(drawn[:, first:]).mean()
    found = judge.update(pair, lambda: pair)["discriminator_loss"].item()
    assert found == pytest.approx(told.item(), rel=1e-5)


def test_r2_makes_the_discriminator_flatter_at_drawn_sound(adversary: AdversaryConfig) -> None:
    def slope(judge: Adversary) -> float:
        waveform = with_prompt(99).fake.requires_grad_()
        (gradient,) = torch.autograd.grad(judge.discriminator(waveform)[-1].sum(), waveform)
        return float(gradient.norm().item())

    slopes = []
    for gamma in (0.0, 100.0):
        config = replace(adversary, r2=gamma, r1_every=1, learning_rate=1e-3)
        judge = Adversary(config, seed=0, compute=CPU)
        for number in range(40):
            judge.update(with_prompt(number), lambda: with_prompt(0))
        slopes.append(slope(judge))
    assert slopes[1] < 0.7 * slopes[0]


@pytest.mark.parametrize("loss", ["log", "relativistic"])
def test_the_relativistic_loss_gets_no_clips_of_other_prompts(adversary: AdversaryConfig, loss: str) -> None:
    rng, table = torch.Generator().manual_seed(0), torch.linspace(-1, 1, 256)
    discriminators = Adversary(replace(adversary, loss=loss), seed=0, compute=CPU)
    rollout = RolloutConfig(route="pathwise", prompt_tail=64)
    judge = DiscriminatorJudge(discriminators, rollout, table, replay_rng=rng, noise_rng=rng)
    batches = []
    for _ in range(2):
        past, real, drawn = (torch.randint(256, (8, length), generator=rng) for length in (64, 128, 128))
        batches.append(ClipBatch(past, real, drawn))
    judge._remember(batches[0])
    pair = judge.pair(batches[1])
    kept = torch.equal(pair.fake[:, 64:], table[batches[1].drawn])
    assert kept == (loss == "relativistic")


def test_the_policy_route_needs_logits_that_are_rewards() -> None:
    with pytest.raises(PartitaError, match=r"adversary\.loss"):
        with_arm(TrainConfig(adversary=AdversaryConfig(loss="relativistic")), "policy")
