"""Save and load checkpoints: a folder with safetensors files and `state.json`, written atomically.

A checkpoint has named groups of tensors, one file for each group, and a JSON state, which lists the files
with their digests. This file does not know what is trained or how.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from partita import storage
from partita.digests import bytes_digest
from partita.runs.checkpoint_state import SUFFIX, read_file_digests, read_state, write_state
from partita.runs.tensors import read_tensors


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The data from which training continues.

    Args:
        tensors: maps the name of a group, for example "generator", to its named tensors.
        state: values that JSON can hold, with at least `step`.
    """

    tensors: dict[str, dict[str, Tensor]]
    state: dict[str, Any]

    @property
    def step(self) -> int:
        """Return the number of generator updates so far."""
        return int(self.state["step"])


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically; if the folder exists, replace only the state.

    A folder that exists has the same step and therefore the same tensors, so that they need not be written.

    Args:
        folder: the folder of the checkpoint.
        checkpoint: the checkpoint to write.

    >>> import tempfile
    >>> from torch import ones
    >>> folder = Path(tempfile.mkdtemp()) / "step-000001"
    >>> save_checkpoint(folder, Checkpoint(tensors={"generator": {"w": ones(2)}}, state={"step": 1}))
    >>> load_checkpoint(folder).tensors["generator"]["w"].tolist()
    [1.0, 1.0]
    """
    if folder.exists():
        write_state(folder, checkpoint.state, read_file_digests(folder) or {})
        return
    with storage.atomic_folder(folder) as part:
        files = {}
        for name, tensors in checkpoint.tensors.items():
            plain = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
            data = save(plain)
            (part / f"{name}{SUFFIX}").write_bytes(data)
            files[f"{name}{SUFFIX}"] = bytes_digest(data)
        write_state(part, checkpoint.state, files)


def remove_checkpoint(folder: Path) -> None:
    """Remove a checkpoint if it exists; an interruption never leaves an incomplete checkpoint.

    Args:
        folder: the folder of the checkpoint.
    """
    if folder.exists():
        temporary = storage.temporary_path(folder)
        folder.rename(temporary)
        shutil.rmtree(temporary, ignore_errors=True)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a complete checkpoint into CPU memory.

    Args:
        folder: the folder of the checkpoint.

    Raises:
        PartitaError: a file is missing, damaged or has a newer format.
    """
    state, files = read_state(folder), read_file_digests(folder)
    digests = {path.name: None for path in sorted(folder.glob(f"*{SUFFIX}"))} if files is None else files
    tensors = {
        name.removesuffix(SUFFIX): read_tensors(folder / name, digest)
        for name, digest in sorted(digests.items())
    }
    return Checkpoint(tensors=tensors, state=state)
