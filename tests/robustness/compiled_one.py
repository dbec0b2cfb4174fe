"""Compile one group of functions that are cached on disk; run by `test_compiled_symbols.py`.

    compiled_one.py CACHE NAME

`bfloat16` compiles for a processor that has products of pairs, and calls nothing.
"""

import os
import sys

os.environ["NUMBA_CACHE_DIR"] = sys.argv[1]  # before Numba is imported
if sys.argv[2] == "bfloat16":
    os.environ["NUMBA_CPU_NAME"] = "sapphirerapids"
    parts = ("2", "512f", "512vl", "512bw", "512dq", "512bf16")
    os.environ["NUMBA_CPU_FEATURES"] = ",".join(["+fma", *(f"+avx{part}" for part in parts)])

import numpy as np
from numba import types

from partita.ops.gated_stack import bfloat16, float32
from partita.ops.gated_stack.layout import (
    BackwardScratch,
    BackwardTensors,
    ForwardScratch,
    ForwardTensors,
    Sizes,
)
from partita.ops.gated_stack.schedule import ThreadSlot

COUNT, ROW, TABLE = types.int64, types.int64[::1], types.int64[:, ::1]


def counts(kind: type) -> types.Type:
    """Return Numba's type of a named tuple of whole numbers."""
    return types.NamedUniTuple(COUNT, len(kind._fields), kind)


FORWARD = (
    types.NamedTuple((TABLE, TABLE, TABLE, TABLE, TABLE, ROW, ROW), ForwardTensors),
    counts(Sizes),
    counts(ForwardScratch),
    counts(ThreadSlot),
)
BACKWARD = (
    types.NamedTuple((TABLE, ROW, TABLE, TABLE, TABLE, TABLE, ROW, ROW), BackwardTensors),
    counts(Sizes),
    counts(BackwardScratch),
    counts(ThreadSlot),
)


def sound() -> None:
    """Simulate a string, its body and the acoustics."""
    from partita.etudes.acoustics import body, room
    from partita.etudes.bowed_string import Controls, simulate

    steady = {"frequency": 440.0, "velocity": 0.2, "force": 1.2, "position": 0.1, "decay": 0.6}
    force = simulate(
        Controls(**{name: np.full((11, 4), value) for name, value in steady.items()}), np.zeros(480)
    )
    room(body(force, 48_000), 48_000)


def sampler() -> None:
    """Draw a few samples, and copy clips."""
    import torch

    from partita.models.sizes import SIZES
    from partita.models.wavenet import WaveNet
    from partita.sampling.config import SamplingConfig
    from partita.sampling.cpu.engine import CPUEngine
    from partita.sampling.cpu.kernel import prepare_numba

    prepare_numba()
    model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    clips = CPUEngine(model, np.full((3, model.receptive_field), 128), SamplingConfig(threads=2))
    clips.take(2)
    clips.copy(np.array([0]), np.array([1]))


match sys.argv[2]:
    case "float32":
        float32.forward_layers.compile(FORWARD)
        float32.backward_layers.compile(BACKWARD)
    case "bfloat16":
        bfloat16.forward_layers.compile(FORWARD)
        bfloat16.backward_layers.compile(BACKWARD)
    case "sound":
        sound()
    case "sampler":
        sampler()
