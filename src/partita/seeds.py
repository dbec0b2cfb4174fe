"""Named random streams: one generator for each purpose, so that arms which differ in one purpose share all
the others.

A stream is addressed by a seed and a purpose ("data", "initialisation", "rollout", "sampling", ...). Two
purposes of one seed are independent; the same pair is the same stream on every machine. This file does not
know the addressed draws of sampling, where each sample has a number of its own.
"""

import hashlib
import secrets

import numpy as np
import torch


def stream_seed(seed: int, purpose: str) -> int:
    """Return the 63-bit seed of one named stream.

    Args:
        seed: the run's seed, any integer.
        purpose: the stream's name, for example "data".

    >>> stream_seed(0, "data") == stream_seed(0, "data"), stream_seed(0, "data") == stream_seed(0, "rollout")
    (True, False)
    """
    digest = hashlib.sha256(f"{int(seed)}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def fresh_seed() -> int:
    """Return a seed from 0 to 2^32 - 1 that nobody can foresee, for draws that should differ each time.

    >>> 0 <= fresh_seed() < 1 << 32
    True
    """
    return secrets.randbits(32)


def torch_stream(seed: int, purpose: str, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a fresh PyTorch generator for one purpose; its state is saved with `get_state()`.

    >>> a, b = torch_stream(3, "initialisation"), torch_stream(3, "initialisation")
    >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
    True
    """
    return torch.Generator(device).manual_seed(stream_seed(seed, purpose))


def numpy_stream(seed: int, purpose: str) -> np.random.Generator:
    """Return a fresh NumPy generator for one purpose.

    >>> int(numpy_stream(3, "data").integers(10)) == int(numpy_stream(3, "data").integers(10))
    True
    """
    return np.random.Generator(np.random.Philox(stream_seed(seed, purpose)))
