"""The discriminator of a run becomes a scorer, or the error says why it cannot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.errors import PartitaError
from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.scorer import load_scorer
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import Steering

SHAPE = PatchGANConfig(layers=3, channels=4, most_channels=8)


@pytest.fixture
def adversarial_run(
    tmp_path: Path, table: dict[str, Any], checkpoint: Callable[..., Checkpoint]
) -> RunFolder:
    """Return a run with a discriminator."""
    table["training"] |= {"targets": 250, "adversary": {"loss": "least-squares", "patchgan": to_table(SHAPE)}}
    first = checkpoint(0)
    network = PatchGAN(SHAPE, generator=torch.Generator().manual_seed(0))
    first.tensors["adversary"] = dict(network.state_dict())
    return RunFolder.create(tmp_path / "run-with-adversary", table, first)


@pytest.mark.parametrize("inside", [False, True])
def test_the_discriminator_of_a_run_is_loaded(adversarial_run: RunFolder, inside: bool) -> None:
    scorer = load_scorer(
        adversarial_run.checkpoint_path(0) if inside else adversarial_run.path, load(adversarial_run.path)
    )
    assert scorer.discriminator.config == SHAPE
    assert (scorer.window, scorer.least_squares) == (248, True)
    wanted = PatchGAN(SHAPE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(scorer.discriminator.last, wanted.last)
    assert not scorer.discriminator.training


def test_steered_draws_and_streams_are_the_same(adversarial_run: RunFolder, run: RunFolder) -> None:
    model = load(run.path)
    scorer = load_scorer(adversarial_run.path, model)
    steering = Steering(scorer=scorer, config=SteeringConfig(particles=4, block=16, strength=3.0))
    whole = model.draw(seconds=0.02, clips=2, seed=1, steering=steering)
    parts = list(
        model.stream(seconds=0.02, clips=2, config=SamplingConfig(seed=1, block=50), steering=steering)
    )
    assert whole.shape == (2, 160)
    assert np.array_equal(np.concatenate(parts, 1), whole)
    assert not np.array_equal(whole, model.draw(seconds=0.02, clips=2, seed=1))


def test_a_run_without_an_adversary_is_refused(run: RunFolder) -> None:
    with pytest.raises(PartitaError, match="without an adversary"):
        load_scorer(run.path, load(run.path))


@pytest.mark.parametrize(
    "changes",
    [{"discriminators": ["patchgan", "spectral"]}, {"discriminators": ["spectral"]}, {"loss": "hinge"}],
)
def test_discriminators_that_cannot_steer_are_refused(
    adversarial_run: RunFolder,
    tmp_path: Path,
    table: dict[str, Any],
    checkpoint: Callable[..., Checkpoint],
    changes: dict[str, Any],
) -> None:
    table["training"]["adversary"] |= changes
    other = RunFolder.create(tmp_path / "other", table, checkpoint(0))
    with pytest.raises(PartitaError, match=r"can't steer: .* whose only discriminator is a `patchgan`"):
        load_scorer(other.path, load(adversarial_run.path))


def test_a_discriminator_with_spectral_norm_is_loaded(
    adversarial_run: RunFolder, tmp_path: Path, table: dict[str, Any], checkpoint: Callable[..., Checkpoint]
) -> None:
    table["training"]["adversary"]["spectral_norm"] = True
    first = checkpoint(0)
    network = PatchGAN(SHAPE, spectral_norm=True, generator=torch.Generator().manual_seed(0))
    first.tensors["adversary"] = dict(network.state_dict())
    other = RunFolder.create(tmp_path / "other", table, first)
    scorer = load_scorer(other.path, load(adversarial_run.path))
    waveform = torch.randn(1, 248)
    torch.testing.assert_close(scorer.discriminator(waveform)[-1], network.eval()(waveform)[-1])


def test_another_sample_rate_is_refused(adversarial_run: RunFolder, tmp_path: Path, table: dict[str, Any],
                                 checkpoint: Callable[..., Checkpoint]) -> None:  # fmt: skip
    table["corpus"]["sample_rate"] = 16000
    other = RunFolder.create(tmp_path / "other", table, checkpoint(0))
    with pytest.raises(PartitaError, match="trained at 8000 Hz, but the model draws 16000 Hz"):
        load_scorer(adversarial_run.path, load(other.path))
