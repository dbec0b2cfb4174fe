"""A checkpoint on disk: safetensors files and `state.json`, in a folder that is complete or not there.

This file does not know what is trained or how: it stores named groups of tensors (one file each) and a JSON
state.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from partita import storage
from partita.errors import PartitaError
from partita.names import in_utf8

FORMAT = 1
STATE = "state.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """All that a run needs to go on.

    Args:
        tensors: file name without its ending -> named tensors, for example "generator" -> weights.
        state: fit for JSON; holds at least `step`.
    """

    tensors: dict[str, dict[str, Tensor]]
    state: dict[str, Any]

    @property
    def step(self) -> int:
        """Return the number of generator updates made."""
        return int(self.state["step"])


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; of one that lies there already only the state is replaced.

    It is of the same step, and so of the same tensors: nothing complete is taken away, even for a moment.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "step-000001"
    >>> save_checkpoint(folder, Checkpoint(tensors={"generator": {"w": torch.ones(2)}}, state={"step": 1}))
    >>> load_checkpoint(folder).tensors["generator"]["w"].tolist()
    [1.0, 1.0]
    """
    state = {"format": FORMAT} | checkpoint.state
    if folder.exists():
        storage.write_json(folder / STATE, state)
        return
    with storage.replacing_folder(folder) as part:
        for name, tensors in checkpoint.tensors.items():
            plain = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
            (part / f"{name}.safetensors").write_bytes(save(plain))
        (part / STATE).write_text(json.dumps(state, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def remove_checkpoint(folder: Path) -> None:
    """Remove a checkpoint, if it is there, so that a kill in the middle leaves none that is incomplete."""
    if folder.exists():
        away = storage.beside(folder)
        folder.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def read_state(folder: Path) -> dict[str, Any]:
    """Return the JSON state of a checkpoint.

    Raises:
        PartitaError: it is missing, damaged, or from a newer version.
    """
    path = folder / STATE
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        number = int(state["format"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PartitaError(f"{path} is missing or damaged: remove {folder} to go on from another") from error
    if number > FORMAT:
        raise PartitaError(
            f"{path} has format {number}, this version reads up to {FORMAT}: install a newer partita"
        )
    return state


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of one safetensors file.

    Raises:
        PartitaError: it is missing, cut off or otherwise damaged.
    """
    try:
        with in_utf8(path) as name:
            return load_file(name)
    except FileNotFoundError as error:
        raise PartitaError(f"{path} is missing: remove {path.parent} to use an earlier checkpoint") from error
    except (SafetensorError, OSError) as error:
        raise PartitaError(
            f"{path} is damaged ({error}): copy it again, or remove {path.parent} to use an earlier one"
        ) from error


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a whole checkpoint onto the CPU.

    Raises:
        PartitaError: a part is missing, damaged, or from a newer version.
    """
    state = read_state(folder)
    tensors = {path.stem: read_tensors(path) for path in sorted(folder.glob("*.safetensors"))}
    return Checkpoint(tensors=tensors, state=state)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimizer's state as flat named tensors, `PARAMETER.NAME`; its settings come from the config.

    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.Adam([weight])
    >>> weight.grad = torch.ones(1)
    >>> optimizer.step()
    >>> sorted(optimizer_tensors(optimizer))
    ['0.exp_avg', '0.exp_avg_sq', '0.step']
    """
    state = optimizer.state_dict()["state"]
    assert all(isinstance(value, Tensor) for entry in state.values() for value in entry.values())
    return {f"{index}.{name}": value for index, entry in state.items() for name, value in entry.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimizer, built from the same config, the state that `optimizer_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
