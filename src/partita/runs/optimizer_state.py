"""Convert the state of an optimizer to named tensors for a checkpoint, and back.

This file does not know how to train.
"""

from typing import NoReturn

import torch
from torch import Tensor, nn

from partita.errors import PartitaError

ADAM = frozenset({"step", "exp_avg", "exp_avg_sq"})
MUON = (frozenset({"momentum"}), frozenset({"step", "mean", "square"}))  # of a matrix, and of other weights


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimizer as named tensors, `INDEX_OF_PARAMETER.NAME`.

    The settings of the optimizer are not included; they are in the config.

    Args:
        optimizer: Adam, AdamW or Muon.

    >>> weight = nn.Parameter(torch.ones(1))
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
    """Load the state that `optimizer_tensors` returned into an optimizer.

    Args:
        optimizer: an optimizer made from the same config.
        tensors: the state.

    Raises:
        PartitaError: the state is damaged, or belongs to another optimizer or to other weights.

    >>> optimizer = torch.optim.Adam([nn.Parameter(torch.ones(1))])
    >>> restore_optimizer(optimizer, {"0.step": torch.tensor(1.0)})
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: the optimizer's state in the checkpoint is damaged (weight 0 has step): \
copy the checkpoint again, or remove it to use another one
    """
    weights: list[nn.Parameter] = [one for group in optimizer.param_groups for one in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        if not (index.isascii() and index.isdecimal() and int(index) < len(weights)):
            _refuse(f"`{key}` does not belong to a weight")
        _check(key, name, value, weights[int(index)])
        state.setdefault(int(index), {})[name] = value
    known = (ADAM,) if isinstance(optimizer, torch.optim.Adam) else MUON
    for number, entry in state.items():
        if entry.keys() not in known:
            _refuse(f"weight {number} has {', '.join(sorted(entry))}")
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _check(key: str, name: str, value: Tensor, weight: nn.Parameter) -> None:
    """Raise an error unless a value is a valid step count or has the shape of its weight."""
    wanted = () if name == "step" else tuple(weight.shape)
    if tuple(value.shape) != wanted or value.dtype != torch.float32:
        _refuse(
            f"`{key}` has shape {tuple(value.shape)} and type {value.dtype}, must be {wanted}, torch.float32"
        )
    if not bool(torch.isfinite(value).all()) or (name == "step" and float(value) < 1):
        _refuse(f"`{key}` has values that no update produces")


def _refuse(what: str) -> NoReturn:
    raise PartitaError(
        f"the optimizer's state in the checkpoint is damaged ({what}): copy the checkpoint again, or remove"
        " it to use another one"
    )
