"""Find and load the weights of a network in a run. This file does not know which networks there are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from partita.digests import file_digest
from partita.runs.checkpoint_state import STATE, SUFFIX, damage_remedy, read_file_digests, read_state
from partita.runs.folder import CONFIG, RunFolder
from partita.runs.shipped.folder import model_path
from partita.runs.tensors import TensorSpecs, read_expected_tensors, tensor_specs
from partita.tables import Table

ModuleT = TypeVar("ModuleT", bound=nn.Module)
SHAPE_KEEPING = (
    *(Tensor.normal_, Tensor.uniform_, Tensor.copy_, Tensor.fill_, Tensor.zero_, Tensor.div_),
    Tensor.tril,
)
"""What changes the values of a tensor, and neither its shape nor its type."""
FRAME_TIER_FILE = f"frames-best{SUFFIX}"
"""The file of the frame tier's weights that clips are drawn with, in a checkpoint."""


def find_checkpoint(path: str | Path) -> tuple[RunFolder, Path]:
    """Return the run and the checkpoint that a path names; arguments and errors are those of `load`."""
    path = model_path(path)
    inside = (path / STATE).is_file() and not (path / CONFIG).is_file()
    run = RunFolder.open(path.absolute().parents[1] if inside else path)
    return run, path if inside else run.chosen_checkpoint()


def chosen_temperature(
    run: RunFolder, checkpoint: Path, name: Literal["temperature", "frame_temperature"] = "temperature"
) -> float | None:
    """Return the temperature that training chose for the weights of a checkpoint, or None.

    A finished run keeps it in its newest checkpoint, even if an earlier one represents the run. Checkpoints
    before the end may have that of the model which the run started from.

    Args:
        run: the run of the checkpoint.
        checkpoint: the folder of the checkpoint.
        name: that of the samples, or that of the frame tier.

    Raises:
        PartitaError: a state is damaged.
    """
    newest, step = run.newest_checkpoint(), read_state(checkpoint)["step"]
    for path in (checkpoint, newest):
        state = read_state(path)
        if state.get(name) is not None and (state.get("chosen") or state["step"]) == step:
            return Table(state, str(path / STATE), damage_remedy(path)).number(name, minimum=0.01)
    return None


def weights_path(checkpoint: Path) -> Path:
    """Return the file of a checkpoint's weights: the averaged weights, if there are any.

    Raises:
        PartitaError: the checkpoint is damaged: a file is missing, or there is one that it does not list.
    """
    average = checkpoint / f"average{SUFFIX}"
    files = read_file_digests(checkpoint)
    has_average = average.exists() if files is None else average.name in files
    return average if has_average else checkpoint / f"generator{SUFFIX}"


def weights_digest(path: str | Path) -> str:
    """Return the digest of a model's weights, which changes if another model takes its place.

    Args:
        path: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or it is damaged.
    """
    _, checkpoint = find_checkpoint(path)
    return file_digest(weights_path(checkpoint))


def load_network(make: Callable[[], ModuleT], path: Path, *, added: Sequence[str] = ()) -> ModuleT:
    """Create a network and load its weights from a file of a checkpoint.

    The shapes are compared before memory is allocated for the network or the weights.

    Args:
        make: creates the network.
        path: the file.
        added: tensors that files of older versions may lack; the network keeps its own.

    Raises:
        PartitaError: the file is damaged, or its weights do not fit the network.
        DivergedError: a weight is not finite.
    """
    tensors = read_expected_tensors(path, network_shapes(make), added=added)
    model = make()
    own = model.state_dict()
    model.load_state_dict({name: own[name] for name in added} | tensors)
    return model


def network_shapes(make: Callable[[], nn.Module]) -> TensorSpecs:
    """Return the shapes and types of a network's weights, without allocating or initialising them.

    >>> network_shapes(lambda: nn.Linear(2, 3))
    {'weight': ((3, 2), torch.float32), 'bias': ((3,), torch.float32)}
    """
    with torch.device("meta"), _Uninitialised():
        return tensor_specs(make().state_dict())


class _Uninitialised(TorchFunctionMode):
    """Return a tensor as it is where only its values would change.

    PyTorch would import its compiler to compute the shape, which takes longer than loading a model.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return args[0] if func in SHAPE_KEEPING else func(*args, **(kwargs or {}))


def load_weights(model: nn.Module, path: Path) -> None:
    """Load the weights of a network from a file of a checkpoint; errors are those of `load_network`."""
    model.load_state_dict(read_expected_tensors(path, tensor_specs(model.state_dict())))
