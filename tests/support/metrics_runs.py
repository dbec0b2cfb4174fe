"""Runs of a tiny network whose metrics are written by hand."""

from pathlib import Path
from typing import Any

from conditioned import conditioned_model
from small_configs import NETWORK

from partita.audio.features.layout import FrameLayout
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.runs.versions import versions
from partita.training.config.arms import with_arm
from partita.training.config.train import TrainConfig

LAYOUT = FrameLayout(hop_length=160, bands=4, sample_rate=16000)
OLD_ENOUGH = 3000
"""Updates of 2 x 8,192 samples after which a run is not young: 49 million."""


def run_with(
    path: Path,
    records: list[dict[str, Any]],
    *,
    step: int = OLD_ENOUGH,
    arm: str = "likelihood",
    features: bool = True,
    finished: bool = True,
    **training: Any,
) -> Path:
    """Make a run with these records, and return its folder."""
    model = conditioned_model(NETWORK, LAYOUT)
    shape = model.config if features else NETWORK
    settings: dict[str, Any] = {"network": shape, "condition": ("none",), "steps": step}
    config = with_arm(TrainConfig(**(settings | training)), arm)
    corpus = {"path": "corpus", "relative": "corpus", "fingerprint": "0" * 32, "sample_rate": 16000}
    sections = {
        "corpus": corpus,
        "network": to_table(shape),
        "quantizer": to_table(config.quantizer),
        "training": to_table(config),
        "versions": versions(),
    }
    state = {"step": step, "finished": finished, "records": len(records)}
    tensors = {"generator": dict(model.state_dict())}
    run = RunFolder.create(path, sections, Checkpoint(tensors=tensors, state=state))
    for record in records:
        run.log(record)
    return path


def learning(
    validation: list[float], training: list[float] | None = None, *, step: int = OLD_ENOUGH, **extra: float
) -> list[dict[str, Any]]:
    """Return records of a curve of training bits and one of validation bits, evenly spread over the steps."""
    seen = validation if training is None else training
    rows: list[dict[str, Any]] = []
    for number, bits in enumerate(seen, start=1):
        at = step * number // len(seen)
        rows.append({"kind": "train", "step": at, "bits": bits, "seconds": float(at), **extra})
    for number, bits in enumerate(validation, start=1):
        rows.append({"kind": "validation", "step": step * number // len(validation), "bits": bits})
    return sorted(rows, key=lambda row: row["step"])
