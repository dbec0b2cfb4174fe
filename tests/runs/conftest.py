"""Fixtures: the config, checkpoints and the folder of a run, made without training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.runs.versions import versions

NETWORK = WaveNetConfig(
    blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
)


@pytest.fixture
def table() -> dict[str, Any]:
    """Return the config of a run."""
    return {
        "corpus": {"path": "/nowhere", "relative": "..", "fingerprint": "00", "sample_rate": 8000},
        "network": to_table(NETWORK),
        "quantizer": to_table(Quantizer()),
        "training": {"steps": 2},
        "versions": versions(),
    }


@pytest.fixture
def checkpoint() -> Callable[..., Checkpoint]:
    """Return a function that makes a checkpoint whose weights depend on its step."""

    def make(step: int, **state: Any) -> Checkpoint:
        model = WaveNet(NETWORK, generator=torch.Generator().manual_seed(step))
        average = {name: value * 2 for name, value in model.state_dict().items()}
        tensors = {"generator": dict(model.state_dict()), "average": average}
        return Checkpoint(tensors=tensors, state={"step": step, **state})

    return make


@pytest.fixture
def run(tmp_path: Path, table: dict[str, Any], checkpoint: Callable[..., Checkpoint]) -> RunFolder:
    """Return a run with its first checkpoint."""
    return RunFolder.create(tmp_path / "run", table, checkpoint(0))
