"""Read and check tensors in safetensors files.

The shapes in the header of a file are checked before memory is allocated, and its digest before the values
are used. This file does not know the networks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from partita.digests import file_digest
from partita.errors import DivergedError, PartitaError
from partita.filenames import utf8_path
from partita.runs.checkpoint_state import damage_remedy, read_file_digests, read_state

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}

STORED, FLOAT16 = "stored", "float16"
"""The key and the value in the state of a checkpoint whose float32 tensors are stored as float16."""

TensorSpecs = dict[str, tuple[tuple[int, ...], torch.dtype | None]]
"""Maps a name to the shape and the dtype of a tensor; the dtype is None if it is not supported."""


def tensor_specs(tensors: Mapping[str, Tensor]) -> TensorSpecs:
    """Return the shapes and dtypes of tensors.

    >>> tensor_specs({"w": torch.zeros(2, 3)})
    {'w': ((2, 3), torch.float32)}
    """
    return {name: (tuple(value.shape), value.dtype) for name, value in tensors.items()}


def read_tensor_specs(path: Path) -> TensorSpecs:
    """Return the shapes and dtypes in a safetensors file; only its header is read.

    Args:
        path: the file.

    Raises:
        PartitaError: the file is missing or damaged.
    """
    try:
        with utf8_path(path) as name, safe_open(name, framework="pt") as file:
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 - not a dict
            return {
                key: (tuple(one.get_shape()), DTYPES.get(str(one.get_dtype()))) for key, one in slices.items()
            }
    except FileNotFoundError as error:
        raise PartitaError(f"{path} is missing: {damage_remedy(path.parent)}") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise PartitaError(f"{path} is damaged ({error}): {damage_remedy(path.parent)}") from error


def read_tensors(path: Path, digest: str | None = None) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file.

    Args:
        path: the file.
        digest: the expected digest of the file; None if it is unknown.

    Raises:
        PartitaError: the file is missing or damaged.
    """
    read_tensor_specs(path)
    try:
        if digest is not None and file_digest(path) != digest:
            raise PartitaError(f"{path} is damaged (its digest does not match): {damage_remedy(path.parent)}")
        with utf8_path(path) as name:
            return load_file(name)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        if isinstance(error, PartitaError):
            raise
        raise PartitaError(f"{path} is damaged ({error}): {damage_remedy(path.parent)}") from error


def read_expected_tensors(path: Path, wanted: TensorSpecs, *, added: Sequence[str] = ()) -> dict[str, Tensor]:
    """Return the tensors of a file of a checkpoint after checking their names, shapes, dtypes and values.

    A checkpoint that ships may store its float32 tensors as float16, as its state says; they are converted.

    Args:
        path: the file.
        wanted: the expected names, shapes and dtypes.
        added: tensors that the file may lack.

    Raises:
        PartitaError: the file is damaged or contains other tensors.
        DivergedError: a value is NaN or infinite.
    """
    exists = path.exists()
    files = read_file_digests(path.parent) if exists else None
    halved = exists and read_state(path.parent).get(STORED) == FLOAT16
    stored, found = _in_float16(wanted) if halved else wanted, read_tensor_specs(path)
    stored = {name: spec for name, spec in stored.items() if name in found or name not in added}
    check_tensor_specs(found, stored, path)
    tensors = read_tensors(path, None if files is None else files.get(path.name))
    check_tensor_specs(tensor_specs(tensors), stored, path)
    check_finite(tensors, path)
    return {name: tensor.to(wanted[name][1]) for name, tensor in tensors.items()} if halved else tensors


def _in_float16(wanted: TensorSpecs) -> TensorSpecs:
    """Return the shapes and dtypes of weights that are stored in half the bytes."""
    half = {torch.float32: torch.float16}
    return {name: (shape, dtype and half.get(dtype, dtype)) for name, (shape, dtype) in wanted.items()}


def check_tensor_specs(found: TensorSpecs, wanted: TensorSpecs, path: Path) -> None:
    """Raise an error unless the tensors have the expected names, shapes and dtypes.

    Args:
        found: the shapes and dtypes in the file.
        wanted: the expected shapes and dtypes.
        path: the file, for the error message.

    Raises:
        PartitaError: they differ.

    >>> wanted = tensor_specs({"w": torch.zeros(2)})
    >>> check_tensor_specs(tensor_specs({}), wanted, Path("generator.safetensors"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `w` is missing in generator.safetensors: config and weights are from \
different runs
    """
    for name in sorted(wanted.keys() | found.keys()):
        shape, kind = found.get(name, (None, None))
        wanted_shape, wanted_kind = wanted.get(name, (None, None))
        if shape is None:
            raise PartitaError(f"`{name}` is missing in {path}: config and weights are from different runs")
        if wanted_shape is None:
            raise PartitaError(
                f"`{name}` in {path} is not a weight of the config's network: config and weights are from"
                " different runs"
            )
        if shape != wanted_shape:
            raise PartitaError(
                f"`{name}` has shape {shape} in {path}, the config asks for {wanted_shape}:"
                " config and weights are from different runs"
            )
        if kind != wanted_kind:
            raise PartitaError(
                f"`{name}` has type {kind} in {path}, must be {wanted_kind}: {damage_remedy(path.parent)}"
            )


def check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise an error if a tensor has a value that is NaN or infinite.

    Args:
        tensors: the tensors by name.
        path: their file, for the error message.

    Raises:
        DivergedError: a value is NaN or infinite.

    >>> check_finite({"w": torch.tensor([1.0, float("nan")])}, Path("generator.safetensors"))
    Traceback (most recent call last):
    ...
    partita.errors.DivergedError: `w` in generator.safetensors contains NaN or infinity: the model diverged; \
use another checkpoint, or train again with a lower `learning_rate`
    """
    if (name := first_non_finite(tensors)) is not None:
        raise DivergedError(
            f"`{name}` in {path} contains NaN or infinity: the model diverged; use another checkpoint, or"
            " train again with a lower `learning_rate`"
        )


def first_non_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """Return the name of the first tensor with a value that is NaN or infinite, or None if all are finite.

    Args:
        tensors: the tensors by name.

    >>> first_non_finite({"a": torch.ones(2), "b": torch.tensor(float("inf"))})
    'b'
    """
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return None
