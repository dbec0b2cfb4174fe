"""Which device and which precision to train on. One code path serves all."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from partita.checks import one_of
from partita.errors import PartitaError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class ComputeDevice:
    """A device and a precision, resolved.

    Args:
        device: where tensors live.
        bfloat16: whether matrix products run in bfloat16; weights and sums stay float32.
    """

    device: torch.device
    bfloat16: bool

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context to run a network in."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device has instructions for bfloat16; emulating them would be slower than float32.

    >>> isinstance(has_bfloat16(torch.device("cpu")), bool)
    True
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    probes = (
        "_is_avx512_bf16_supported",
        "_is_amx_tile_supported",
    )  # absent from builds for other processors
    return any(bool(getattr(torch.cpu, probe, bool)()) for probe in probes)


def compute_device(device: str = "auto", precision: str = "auto") -> ComputeDevice:
    """Resolve the words of a config.

    Args:
        device: "cpu", "cuda" or "auto".
        precision: "float32", "bfloat16" or "auto".

    Raises:
        PartitaError: a word that is none of those, or a GPU is asked for and there is none.

    >>> compute_device("cpu", "float32").bfloat16
    False
    """
    one_of("device", device, DEVICES)
    one_of("precision", precision, PRECISIONS)
    if device == "cuda" and not torch.cuda.is_available():
        raise PartitaError(
            "`device` is 'cuda', PyTorch finds no GPU: use `--device cpu`, or install a CUDA build"
        )
    there = torch.device(
        "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
    )
    return ComputeDevice(there, has_bfloat16(there) if precision == "auto" else precision == "bfloat16")
