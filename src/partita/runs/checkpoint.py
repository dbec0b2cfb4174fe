"""A checkpoint on disk: safetensors files and `state.json`, in a folder that is complete or not there.

This file does not know what is trained or how: it stores named groups of tensors (one file each) and a JSON
state, which lists the files with their digests.
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
    """Remove a checkpoint, if it is there, so that a kill in the middle leaves none that is incomplete."""
    if folder.exists():
        away = storage.temporary_path(folder)
        folder.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a whole checkpoint onto the CPU.

    Raises:
        PartitaError: a part is missing, damaged, or from a newer version.
    """
    state, files = read_state(folder), read_file_digests(folder)
    digests = {path.name: None for path in sorted(folder.glob(f"*{SUFFIX}"))} if files is None else files
    tensors = {
        name.removesuffix(SUFFIX): read_tensors(folder / name, digest)
        for name, digest in sorted(digests.items())
    }
    return Checkpoint(tensors=tensors, state=state)
