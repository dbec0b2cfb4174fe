"""Named random streams: one random generator for each purpose.

A stream is identified by a seed and a purpose ("data", "initialisation", "rollout", "sampling", ...). Streams
of different purposes are independent. The same pair gives the same stream on every machine. Two arms that
use their random numbers differently for one purpose still share the streams of all other purposes. This file
does not make the random numbers of the samplers, which are a function of the seed, the clip and the sample.
"""

import hashlib
import secrets

import numpy as np
import torch


def stream_seed(seed: int, purpose: str) -> int:
    """Return the 63-bit seed of a named stream.

    Args:
        seed: the run's seed, any integer.
        purpose: the stream's name, for example "data".

    >>> stream_seed(0, "data") == stream_seed(0, "data"), stream_seed(0, "data") == stream_seed(0, "rollout")
    (True, False)
    """
    digest = hashlib.sha256(f"{int(seed)}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def fresh_seed() -> int:
    """Return an unpredictable seed from 0 to 2^32 - 1, for results that should differ at each call.

    >>> 0 <= fresh_seed() < 1 << 32
    True
    """
    return secrets.randbits(32)


def torch_stream(seed: int, purpose: str, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a new PyTorch generator for one purpose.

    Args:
        seed: the run's seed, any integer.
        purpose: the stream's name, for example "rollout".
        device: the device of the generator.

    >>> a, b = torch_stream(3, "initialisation"), torch_stream(3, "initialisation")
    >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
    True
    """
    return torch.Generator(device).manual_seed(stream_seed(seed, purpose))


def numpy_stream(seed: int, purpose: str) -> np.random.Generator:
    """Return a new NumPy generator for one purpose.

    Args:
        seed: the run's seed, any integer.
        purpose: the stream's name, for example "data".

    >>> int(numpy_stream(3, "data").integers(10)) == int(numpy_stream(3, "data").integers(10))
    True
    """
    return np.random.Generator(np.random.Philox(stream_seed(seed, purpose)))
