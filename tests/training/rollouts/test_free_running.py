"""Free-running arms: twins at weight 0 are bitwise the likelihood arm, and restored ones continue."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from free_running import CRITICS, ROLLOUT

from partita.device import ComputeDevice
from partita.models.discriminators.trunk import TrunkConfig
from partita.models.wavenet import WaveNet
from partita.training.config.arms import with_arm
from partita.training.config.train import FREE_RUNNING, AdversaryConfig, TrainConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import ClipBatch
from partita.training.judges.discriminator import DiscriminatorJudge
from partita.training.rollouts.free_running import RolloutBatch
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

Make = Callable[..., TrainConfig]
ARMS = (*FREE_RUNNING, *CRITICS, "ddo")


def step_of(config: TrainConfig) -> WaveNetStep:
    """Return a training step; its critic has a larger receptive field than the generator."""
    if config.critic is None:
        return WaveNetStep(config)
    shape = replace(config.network_shape, layers=5)
    return WaveNetStep(config, critic=WaveNet(shape, generator=torch.Generator().manual_seed(5)))


def windows(config: TrainConfig, context: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return windows with the same targets for every context."""
    random = torch.Generator().manual_seed(step)
    classes = torch.randint(100, 156, (config.batch, 100 + config.targets), generator=random)
    valid = torch.ones(config.batch, config.targets, dtype=torch.bool)
    valid[0, -7:] = False
    return classes[:, 100 - context :], valid


def go(train_step: WaveNetStep, steps: int = 6, first: int = 1) -> WaveNetStep:
    for step in range(first, steps + 1):
        batch = windows(train_step.config, train_step.context, step)
        train_step.update(*batch, StepInfo(step, 2e-3, (step - 1) / 6))
    return train_step


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        same(one[name], value) if isinstance(value, dict) else torch.equal(one[name], value)
        for name, value in other.items()
    )


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("arm", ARMS)
def test_the_twin_at_weight_0_is_bitwise_the_likelihood_arm(
    base: TrainConfig, arm: str, relative: bool
) -> None:
    base = replace(base, rollout=replace(ROLLOUT, relative=relative))
    alone = go(step_of(with_arm(base, "likelihood")))
    twin = go(step_of(with_arm(base, f"{arm}-0")))
    moved = go(step_of(with_arm(base, arm)))
    assert alone.free_running is None
    assert twin.free_running is not None
    for group in ("generator", "average", "optimizer"):
        assert same(alone.tensors()[group], twin.tensors()[group]), group
        assert not same(alone.tensors()[group], moved.tensors()[group]), group
    if "adversary" in twin.tensors():
        fresh = step_of(with_arm(base, f"{arm}-0"))
        assert not same(twin.tensors()["adversary"], fresh.tensors()["adversary"])


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("arm", ARMS)
def test_a_restored_train_step_continues_bitwise(base: TrainConfig, arm: str, every: int) -> None:
    assert base.adversary is not None
    base = replace(
        base, adversary=replace(base.adversary, updates=2), rollout=replace(ROLLOUT, redraw_every=every)
    )
    config = with_arm(base, arm)
    whole = go(step_of(config))
    half = go(step_of(config), steps=3)
    saved = {
        group: {name: value.clone() for name, value in tensors.items()}
        for group, tensors in half.tensors().items()
    }
    other = step_of(config)
    other.restore(saved)
    assert same(go(other, first=4).tensors(), whole.tensors())


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("arm", ARMS)
def test_the_loss_on_clips_has_a_gradient_in_every_weight(base: TrainConfig, arm: str, passes: int) -> None:
    config = with_arm(replace(base, rollout=replace(ROLLOUT, passes=passes)), arm)
    train_step = step_of(config)
    assert train_step.free_running is not None
    go(train_step, steps=3)
    batch = RolloutBatch(*windows(config, train_step.context, 4))
    loss, numbers = train_step.free_running.loss(train_step.generator, batch, step=4, progress=0.5)
    assert loss is not None
    gradients = torch.autograd.grad(loss, list(train_step.generator.parameters()))
    assert all(gradient.abs().max() > 0 for gradient in gradients)
    assert 7 < numbers["entropy_drawn"] <= 8
    assert numbers["clip_length"] == 64
    assert numbers["level_drawn"] > numbers["level_real"] > 0  # nearly uniform over the classes


@pytest.mark.parametrize("arm", ["gumbel", "policy"])
def test_clips_are_drawn_again_every_redraw_every_steps(base: TrainConfig, arm: str) -> None:
    train_step = step_of(with_arm(replace(base, rollout=replace(ROLLOUT, redraw_every=3, growth=0.0)), arm))
    drawn = []
    for step in range(1, 6):
        go(train_step, steps=step, first=step)
        assert train_step.free_running is not None
        assert train_step.free_running.clips is not None
        drawn.append(train_step.free_running.clips.drawn)
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[2], drawn[3])
    assert torch.equal(drawn[3], drawn[4])


def test_drawn_clips_continue_the_windows_by_the_models_probabilities(base: TrainConfig) -> None:
    """A generator with one probable class draws it, and each clip follows its own past."""
    train_step = go(step_of(with_arm(base, "policy")), steps=1)
    assert train_step.free_running is not None
    with torch.no_grad():
        train_step.generator.end2_bias[200] += 100.0
    classes, valid = windows(train_step.config, train_step.context, 2)
    clips = train_step.free_running.draw_clips(train_step.generator, RolloutBatch(classes, valid), 1.0)
    assert clips.drawn.shape == (4, 64)
    assert (clips.drawn == 200).all()
    joined = torch.cat([clips.past, clips.real], 1)
    rows = classes.unfold(1, joined.shape[1], 1).flatten(0, 1)
    assert all((rows == clip).all(1).any() for clip in joined)


def test_discriminators_get_the_end_of_the_prompt_and_the_clip(adversary: AdversaryConfig) -> None:
    cpu, rng = ComputeDevice(torch.device("cpu"), False), torch.Generator().manual_seed(0)
    discriminators = Adversary(adversary, seed=0, compute=cpu)
    table = torch.linspace(-1, 1, 256)
    judge = DiscriminatorJudge(discriminators, ROLLOUT, table, replay_rng=rng, noise_rng=rng)
    past, real = torch.randint(100, (4, 50), generator=rng), torch.randint(100, (4, 64), generator=rng)
    pair = judge.pair(ClipBatch(past, real, real + 100))
    assert pair.prompt_length == ROLLOUT.prompt_tail
    assert torch.equal(pair.real, table[torch.cat([past[:, -ROLLOUT.prompt_tail :], real], 1)])
    assert torch.equal(pair.real[:, : pair.prompt_length], pair.fake[:, : pair.prompt_length])
    assert torch.equal(pair.fake[:, pair.prompt_length :], table[real + 100])


def test_while_the_discriminator_warms_up_the_generator_learns_by_likelihood(
    base: TrainConfig, adversary: AdversaryConfig
) -> None:
    config = with_arm(replace(base, adversary=replace(adversary, warmup=4, updates=1)), "policy")
    plain = WaveNetStep(with_arm(base, "likelihood"))
    train_step, used = WaveNetStep(config), []
    for step in range(1, 7):
        numbers = train_step.update(*windows(config, train_step.context, step), StepInfo(step, 2e-3, 0.0))
        plain.update(*windows(base, plain.context, step), StepInfo(step, 2e-3, 0.0))
        used.append("gradient_share" in numbers)
        same_weights = same(dict(train_step.generator.state_dict()), dict(plain.generator.state_dict()))
        assert same_weights == (step < 4)
        assert "discriminator_loss" in numbers
    assert used == [False, False, False, True, True, True]


@pytest.mark.parametrize("arm", FREE_RUNNING)
def test_several_discriminators_judge_the_clips(base: TrainConfig, arm: str) -> None:
    weight = 0.0 if arm == "policy" else 1.0
    adversary = AdversaryConfig(discriminators=("patchgan", "multi-scale", "spectral"), feature_weight=weight)
    rollout = replace(ROLLOUT, length=1024, initial_length=1024, prompt_tail=1024)
    config = replace(base, targets=1024, adversary=adversary, rollout=rollout)
    train_step = WaveNetStep(with_arm(config, arm))
    random = torch.Generator().manual_seed(0)
    classes = torch.randint(100, 156, (config.batch, train_step.context + 1024), generator=random)
    valid = torch.ones(config.batch, 1024, dtype=torch.bool)
    numbers = train_step.update(classes, valid, StepInfo(1, 2e-3, 0.0))
    assert numbers["gradient_share"] > 0.0
    assert torch.isfinite(torch.stack(list(numbers.values()))).all()


def test_a_critic_equal_to_the_generator_gives_no_gradient(base: TrainConfig) -> None:
    config = with_arm(base, "critic")
    student = WaveNetStep(with_arm(base, "likelihood")).generator
    train_step = WaveNetStep(config, critic=student)
    numbers = train_step.update(*windows(config, train_step.context, 1), StepInfo(1, 2e-3, 0.0))
    assert numbers["reward"] == 0
    assert numbers["gradient_share"] == 0


def test_the_critics_discount_replaces_that_of_the_rollout(base: TrainConfig) -> None:
    config, weights = with_arm(base, "critic"), []
    assert config.critic is not None and config.critic.discount == 0.0
    for rollout, critic in ((0.98, 0.0), (0.5, 0.0), (0.98, 0.9)):
        changed = replace(
            config,
            rollout=replace(config.rollout, discount=rollout),
            critic=replace(config.critic, discount=critic),
        )
        weights.append(dict(go(step_of(changed), 2).generator.state_dict()))
    assert same(weights[0], weights[1])  # the discount of the rollout is for adversaries
    assert not same(weights[0], weights[2])


@pytest.mark.gpu
@pytest.mark.parametrize("arm", ARMS)
def test_a_gpu_takes_the_same_path(base: TrainConfig, arm: str) -> None:
    train_step = step_of(with_arm(replace(base, device="cuda", precision="auto"), arm))
    for step in range(1, 4):
        classes, valid = windows(train_step.config, train_step.context, step)
        numbers = train_step.update(classes.cuda(), valid.cuda(), StepInfo(step, 2e-3, step / 3))
    assert all(torch.isfinite(value) for value in numbers.values())
    assert train_step.free_running is not None
    train_step.restore({name: dict(group) for name, group in train_step.tensors().items()})


def test_in_phases_the_critic_judges_first_and_then_the_discriminator(base: TrainConfig) -> None:
    config = with_arm(base, "phased")
    assert config.critic is not None and config.adversary is not None
    config = replace(config, adversary=replace(config.adversary, warmup=0))
    train_step, heard = step_of(config), []
    assert train_step.free_running is not None
    fresh = train_step.tensors()["adversary"]
    fresh = {name: value.clone() for name, value in fresh.items()}
    for step in range(1, 7):
        numbers = train_step.update(
            *windows(config, train_step.context, step), StepInfo(step, 2e-3, (step - 1) / 6)
        )
        heard.append({"reward", "discriminator_loss"} & numbers.keys())
        assert same(train_step.tensors()["adversary"], fresh) == (step <= 3)
    assert heard == 3 * [{"reward"}] + 3 * [{"discriminator_loss"}]
    judges = train_step.free_running.judges
    assert train_step.free_running.context == max(judge.context for judge in judges)


def test_a_ramp_begins_with_the_phase_of_its_judge(base: TrainConfig) -> None:
    config = with_arm(base, "phased")
    assert config.critic is not None and config.adversary is not None
    critic = replace(config.critic, weight=2.0, ramp=1.0)
    adversary = replace(config.adversary, weight=4.0, ramp=0.5, warmup=0)
    free_running = step_of(replace(config, critic=critic, adversary=adversary)).free_running
    assert free_running is not None
    found = [free_running.weight(progress) for progress in (0.0, 0.25, 0.5, 0.625, 0.75, 1.0)]
    assert found == [0.0, 1.0, 0.0, 2.0, 4.0, 4.0]


def test_a_trunk_of_a_later_phase_begins_with_what_the_generator_is_then(base: TrainConfig) -> None:
    config = with_arm(base, "phased")
    trunk = AdversaryConfig(discriminators=("trunk",), trunk=TrunkConfig(layers=2), learning_rate=1e-9)
    longer = replace(config.rollout, prompt_tail=64)
    train_step = go(step_of(replace(config, adversary=trunk, rollout=longer)), steps=3)
    assert train_step.free_running is not None
    judge = train_step.free_running.judges[1]
    assert isinstance(judge, DiscriminatorJudge)
    learnt = train_step.generator.dilated[:2].detach().clone()
    go(train_step, steps=4, first=4)
    own = dict(judge.adversary.discriminator.named_parameters())["trunk.dilated"]
    torch.testing.assert_close(own, learnt, rtol=0, atol=1e-6)
