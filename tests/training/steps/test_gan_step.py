"""One update of a GAN: algorithm 1 of Goodfellow et al. 2014, its losses, and exact resume."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import load_checkpoint
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.model_kinds import gan_of
from partita.training.config.train import AdversaryConfig, GANTrainingConfig, TrainConfig
from partita.training.judges.base import WaveformPair
from partita.training.start.like_model import like_model
from partita.training.steps.gan import GANStep
from partita.training.steps.learner import StepInfo
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]
SHAPE = GANTrainingConfig(latents=4, channels=16, layers=2, factors=(4, 4))


@pytest.fixture
def config(make_config: Make, adversary: AdversaryConfig) -> TrainConfig:
    config = gan_of(make_config(targets=2048))
    return replace(config, gan=SHAPE, adversary=replace(adversary, weight=1.0), targets=256)


def batch(config: TrainConfig, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    classes = torch.randint(30000, 35000, (config.batch, config.targets), generator=random)
    valid = torch.ones(config.batch, config.targets, dtype=torch.bool)
    valid[0, -7:] = False
    return classes, valid


def test_every_weight_gets_a_gradient_and_changes(config: TrainConfig) -> None:
    learner = GANStep(config)
    networks = (learner.generator, learner.adversary.discriminator)
    before = [{name: p.detach().clone() for name, p in each.named_parameters()} for each in networks]
    numbers = learner.update(*batch(config), StepInfo(1, 1e-3, 0.0))
    for name, parameter in learner.generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    for network, old in zip(networks, before, strict=True):
        assert all(not torch.equal(p, old[name]) for name, p in network.named_parameters())
    assert {"adversarial_loss", "discriminator_loss", "discriminator_real", "gradient_norm"} <= numbers.keys()
    assert "bits" not in numbers


def test_the_discriminators_learn_k_times_each_time_on_other_sound_beside_the_same_windows(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = GANStep(replace(config, adversary=replace(config.adversary or AdversaryConfig(), updates=3)))
    pairs: list[WaveformPair] = []
    logits = learner.adversary._logits

    def remember(pair: WaveformPair) -> Any:
        pairs.append(pair)
        return logits(pair)

    monkeypatch.setattr(learner.adversary, "_logits", remember)
    judged: list[torch.Tensor] = []
    loss = learner.adversary.generator_loss

    def remember_judged(fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        judged.append(fake)
        return loss(fake, real)

    monkeypatch.setattr(learner.adversary, "generator_loss", remember_judged)
    classes, valid = batch(config)
    learner.update(classes, valid, StepInfo(1, 1e-3, 0.0))
    assert learner.adversary.updates == 3
    fakes = [pair.fake for pair in pairs] + judged
    assert len(fakes) == 4
    for first in range(4):
        assert fakes[first].requires_grad == (first == 3)
        assert all(not torch.equal(fakes[first], fakes[other]) for other in range(first))
        assert torch.equal(fakes[first][0, -7:], pairs[0].real[0, -7:])  # beyond the end of a segment
    real = torch.from_numpy(config.quantizer.decode(classes.numpy()))
    assert all(torch.allclose(pair.real, real, atol=1e-6) for pair in pairs)


@pytest.mark.parametrize(
    ("loss", "saturating", "of_discriminator", "of_generator"),
    [
        ("log", False, math.log1p(math.exp(-0.5)) + math.log1p(math.exp(0.5)), math.log1p(math.exp(-0.5))),
        ("log", True, math.log1p(math.exp(-0.5)) + math.log1p(math.exp(0.5)), -math.log1p(math.exp(0.5))),
        ("least-squares", False, 0.5 * (0.5**2 + 0.5**2), 0.5 * 0.5**2),
    ],
)
def test_the_losses_of_a_discriminator_that_says_one_half_everywhere(
    config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    loss: str,
    saturating: bool,
    of_discriminator: float,
    of_generator: float,
) -> None:
    adversary = replace(config.adversary or AdversaryConfig(), loss=loss, saturating=saturating)
    learner = GANStep(replace(config, adversary=adversary))
    network = learner.adversary.discriminator

    def half(waveform: torch.Tensor) -> list[list[torch.Tensor]]:
        weights = sum(p.sum() for p in network.parameters())
        return [[0.5 + 0.0 * weights + 0.0 * waveform[:, :4]]]

    monkeypatch.setattr(network, "feature_maps", half)
    numbers = learner.update(*batch(config), StepInfo(1, 0.0, 0.0))
    assert numbers["discriminator_loss"].item() == pytest.approx(of_discriminator, rel=1e-5)
    assert numbers["adversarial_loss"].item() == pytest.approx(of_generator, rel=1e-5)


def test_the_weight_waits_for_the_discriminators(config: TrainConfig) -> None:
    learner = GANStep(replace(config, adversary=replace(config.adversary or AdversaryConfig(), warmup=2)))
    before = learner.generator.last.detach().clone()
    first = learner.update(*batch(config), StepInfo(1, 1e-3, 0.0))
    assert first["judge_heard"] == 0.0
    assert torch.equal(learner.generator.last, before)
    assert learner.update(*batch(config), StepInfo(2, 1e-3, 0.0))["judge_heard"] == 1.0
    assert not torch.equal(learner.generator.last, before)


def test_a_stopped_run_resumes_bitwise_and_draws(corpus: Corpus, tmp_path: Path, config: TrainConfig) -> None:
    config = replace(config, steps=8, log_every=3, preview_clips=1, preview_seconds=0.1)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    stopped, asked = tmp_path / "stopped", iter([False, False, True])
    train(corpus, stopped, config, quiet=True, stop=lambda: next(asked))
    assert not RunFolder.open(stopped).finished
    resume(stopped, quiet=True)
    ours, theirs = (load_checkpoint(RunFolder.open(one).newest_checkpoint()) for one in (stopped, whole))
    assert ours.tensors.keys() == theirs.tensors.keys()
    for name, tensors in ours.tensors.items():
        assert all(torch.equal(value, theirs.tensors[name][key]) for key, value in tensors.items()), name
    records = metrics.read(whole / "metrics.jsonl")
    assert {record["kind"] for record in records} == {"train"}  # held-out sound is not scored
    assert load(whole).step == 8
    assert load(whole).draw(0.1).shape == (1, 400)
    with pytest.raises(PartitaError, match="continues no prompt"):
        load(whole).draw(0.1, prompt=load(whole).draw(0.1)[0])


def test_a_run_starts_from_another_one_of_its_shape_alone(
    corpus: Corpus, tmp_path: Path, config: TrainConfig
) -> None:
    first = train(corpus, tmp_path / "first", replace(config, steps=2), quiet=True)
    like = like_model(TrainConfig(threads=1, tensorboard=False, preview_clips=0), first)
    assert like.gan == SHAPE
    assert like.arm == "gan"
    more = replace(like, steps=1, targets=2048, learning_rate=1e-9)
    second = train(corpus, tmp_path / "second", more, start_from=first, quiet=True)
    ours, theirs = (load(one).model.state_dict() for one in (second, first))
    assert all(torch.allclose(value, theirs[name], atol=1e-6) for name, value in ours.items())
    wider = replace(more, gan=replace(SHAPE, channels=32))
    with pytest.raises(PartitaError, match="has another shape than the one to be trained"):
        train(corpus, tmp_path / "wider", wider, start_from=first, quiet=True)
