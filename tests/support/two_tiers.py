"""Runs with a frame tier, made by hand in a moment: the weights are random, and predictions are peaked."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from conditioned import conditioned_model
from frames import frame_model, frames_of

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.runs.versions import versions

RATE = 8000
BANDS = 6
LABELS = ("digit=1", "digit=2")
SHAPE = WaveNetConfig(
    blocks=1, layers=4, residual_channels=8, dilation_channels=8, skip_channels=16, end_channels=16
)


def two_tier_run(
    path: Path,
    *,
    notes: bool = False,
    labels: tuple[str, ...] = (),
    temperature: float | None = None,
    seed: int = 0,
) -> RunFolder:
    """Make a run whose frame tier has notes and labels, and whose sample tier has the labels."""
    layout = FrameLayout(hop_length=80, bands=BANDS, labels=labels)
    tier = dataclasses.replace(layout, notes=notes)
    frames = frame_model(tier, seed=seed)
    typical = frames_of(tier, 1, 64)[0, :, : BANDS + 2]
    frames.set_starts(typical)
    frames.set_range(typical.min(0).values, typical.max(0).values)
    model = conditioned_model(SHAPE, layout, seed)
    config = run_config(SHAPE if layout is None else model.config) | {"frames": to_table(frames.config)}
    tensors = {"generator": dict(model.state_dict()), "frames-best": dict(frames.state_dict())}
    state = {"step": 0} | ({} if temperature is None else {"temperature": temperature})
    return RunFolder.create(path, config, Checkpoint(tensors=tensors, state=state))


def one_tier_run(path: Path, layout: FrameLayout | None) -> RunFolder:
    """Make a run without a frame tier."""
    generator = torch.Generator().manual_seed(0)
    model = WaveNet(SHAPE, generator=generator) if layout is None else conditioned_model(SHAPE, layout)
    checkpoint = Checkpoint(tensors={"generator": dict(model.state_dict())}, state={"step": 0})
    return RunFolder.create(path, run_config(model.config), checkpoint)


def run_config(network: WaveNetConfig) -> dict[str, Any]:
    """Return the sections of a run's config."""
    return {
        "corpus": {"path": "/nowhere", "relative": "..", "fingerprint": "00", "sample_rate": RATE},
        "network": to_table(network),
        "quantizer": to_table(Quantizer()),
        "training": {"steps": 2},
        "versions": versions(),
    }
