"""A training step goes on from a checkpoint: every tensor is checked against what the config asks for, first.
Reads no files and knows no training.
"""

from pathlib import Path

import torch
from torch import Tensor

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.runs.checkpoint import Checkpoint
from partita.runs.checkpoint_state import STATE, SUFFIX, remedy
from partita.runs.loading import network_shapes
from partita.runs.tensors import read_shapes, refuse_non_finite, refuse_unlike, shapes_of
from partita.tables import Table
from partita.training.config.train import TrainConfig
from partita.training.state import TrainerState
from partita.training.train_step import TrainStep

ROLLOUT = "rollout"
OLDER_LACK = ("adversary-progress",)  # checkpoints of older versions
CLIPS = frozenset({"past", "real", "drawn"})


def refuse_other_network(config: TrainConfig, checkpoint: Path) -> None:
    """Refuse a checkpoint whose generator has another shape than the config's.

    Neither is given memory, so that this is quick whatever the config says.

    Args:
        config: of the run.
        checkpoint: its folder.

    Raises:
        PartitaError: the shapes differ, or the file is damaged.
    """
    path = checkpoint / f"generator{SUFFIX}"
    refuse_unlike(read_shapes(path), network_shapes(lambda: WaveNet(config.network_shape)), path)


def restore(train_step: TrainStep, tensors: dict[str, dict[str, Tensor]], checkpoint: Path) -> None:
    """Let a fresh train_step go on from a checkpoint's tensors.

    Args:
        train_step: as its config makes it.
        tensors: file name without its ending -> named tensors.
        checkpoint: where they were, for messages.

    Raises:
        PartitaError: a file is missing, or a tensor has another name, shape or type than it must have.
        DivergedError: a value is not finite.
    """
    for name, fresh in train_step.tensors().items():
        path = checkpoint / f"{name}{SUFFIX}"
        if name not in tensors:
            if name in OLDER_LACK:
                continue
            raise PartitaError(f"{path} is missing: {remedy(checkpoint)}")
        if name == ROLLOUT:
            _check_clips(tensors[name], train_step.config.quantizer.classes, path)
        elif not name.endswith("optimizer"):
            refuse_unlike(shapes_of(tensors[name]), shapes_of(fresh), path)
            refuse_non_finite(tensors[name], path)
    try:
        train_step.restore(tensors)
    except torch.OutOfMemoryError:
        raise
    except PartitaError as error:  # the optimizer's, which does not know where it was read
        raise PartitaError(f"{checkpoint}: {error}") from error
    except (KeyError, RuntimeError) as error:  # for example a random state that is none
        raise PartitaError(f"{checkpoint} is damaged ({error}): {remedy(checkpoint)}") from error


def state_of(checkpoint: Checkpoint, folder: Path) -> TrainerState:
    """Return where a checkpoint is, which its folder's name says too.

    Args:
        checkpoint: as it was read.
        folder: from where.

    Raises:
        PartitaError: a value is missing, of another type or out of range.
    """
    table = Table(checkpoint.state, str(folder / STATE), remedy(folder))
    table.table("windows")
    state = TrainerState.from_json(table.table("position").values, where=table.where)
    if not folder.name.endswith(f"-{state.step:06d}") or state.step != checkpoint.step:
        raise PartitaError(f"{table.where} is of step {state.step}, another than its folder: {table.remedy}")
    return state


def _check_clips(kept: dict[str, Tensor], classes: int, path: Path) -> None:
    """Refuse clips that are none: rows of classes."""
    clips = {name: value for name, value in kept.items() if name != "critic"}
    sound = clips.keys() & CLIPS in (CLIPS, frozenset()) and clips.keys() <= CLIPS | {"older"}
    for value in clips.values():
        whole = value.ndim == 2 and not value.is_floating_point() and value.dtype != torch.bool
        sound &= whole and (value.numel() == 0 or 0 <= int(value.min()) <= int(value.max()) < classes)
    if not sound or ("real" in clips and clips["real"].shape != clips["drawn"].shape):
        raise PartitaError(f"{path} is damaged (it holds no clips): {remedy(path.parent)}")
