"""The conditions of windows of samples, as tensors for the network."""

import torch

from partita.data.windows import WindowBatch
from partita.models.conditioning.conditions import Conditions


def window_conditions(windows: WindowBatch, device: torch.device) -> Conditions | None:
    """Return the frames around windows, on a device; None for windows without frames.

    Args:
        windows: a batch of windows.
        device: where the network is.
    """
    if windows.frames is None or windows.start is None:
        return None
    return Conditions(torch.from_numpy(windows.frames), torch.from_numpy(windows.start)).to(device)
