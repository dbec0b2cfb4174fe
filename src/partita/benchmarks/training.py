"""How fast a whole training step is, as a share of what the machine's matrix product reaches.

The step is the one of training: windows with their context, the likelihood loss, gradients, clipping,
optimizer and the average of the weights, on random classes. What reading a corpus costs is not in it (the
windows' share is under a percent), nor are validation and checkpoints.
"""

import statistics
import time
from typing import Any

import torch

from partita.benchmarks.machine import matrix_rate, thread_limit
from partita.training.config.train import TrainConfig
from partita.training.memory import keep_freed_memory
from partita.training.train_step import StepInfo, TrainStep

TARGETS = 16384


def bench(
    size: str = "wide",
    *,
    batch: int = 1,
    targets: int = TARGETS,
    threads: int | None = None,
    device: str = "auto",
    runs: int = 5,
    steps: int = 2,
) -> dict[str, Any]:
    """Return predicted samples a second and the share of the matrix rate of the same moment.

    The numerator is 6 operations for each multiply-add of a predicted sample's forward pass: 2 on the way
    there, 4 on the way back; positions of context are computed but not counted. Each run takes turns with the
    matrix product, so that both see the same machine, and the median of the shares is quoted.

    Args:
        size: the network.
        batch, targets: windows in a step, predicted samples in each.
        threads: CPU threads, by default PyTorch's choice.
        device: "auto", "cpu" or "cuda".
        runs: pairs of measurements.
        steps: steps in each of them.

    Returns:
        size, samples_per_second, share_of_matrix_rate with share_low and share_high over the runs,
        matrix_dtype, matrix_rate (operations a second), and what was run.

    >>> bench("tiny", targets=256, runs=1, steps=1)["matrix_dtype"] in ("float32", "bfloat16")
    True
    """
    keep_freed_memory()
    with thread_limit(threads or torch.get_num_threads()):
        return _measured(size, batch=batch, targets=targets, device=device, runs=runs, steps=steps)


def _measured(size: str, *, batch: int, targets: int, device: str, runs: int, steps: int) -> dict[str, Any]:
    """Measure on PyTorch's threads; see `bench`."""
    config = TrainConfig(size=size, steps=1, device=device, batch=batch, targets=targets)
    train_step, threads = TrainStep(config), torch.get_num_threads()
    where, shape = train_step.compute, config.network_shape
    dtype = torch.bfloat16 if where.bfloat16 else torch.float32
    rng = torch.Generator().manual_seed(0)
    extent = (batch, shape.receptive_field + targets)
    classes = torch.randint(0, shape.classes, extent, generator=rng).to(where.device)
    valid = torch.ones(batch, targets, dtype=torch.bool, device=where.device)
    _seconds(train_step, classes, valid, 2)
    rates, ceilings = [], []
    for _ in range(runs):
        rates.append(steps * batch * targets / _seconds(train_step, classes, valid, steps))
        ceilings.append(matrix_rate(dtype, threads, where.device))
    shares = [6 * shape.multiply_adds * rate / ceiling for rate, ceiling in zip(rates, ceilings, strict=True)]
    return {
        "size": size,
        "samples_per_second": statistics.median(rates),
        "share_of_matrix_rate": statistics.median(shares),
        "share_low": min(shares),
        "share_high": max(shares),
        "matrix_dtype": str(dtype).removeprefix("torch."),
        "matrix_rate": max(ceilings),
        "batch": batch,
        "targets": targets,
        "threads": threads,
        "device": where.device.type,
        "runs": runs,
    }


def _seconds(train_step: TrainStep, classes: torch.Tensor, valid: torch.Tensor, steps: int) -> float:
    start = time.perf_counter()
    for step in range(steps):
        numbers = train_step.update(classes, valid, StepInfo(step=step + 1, learning_rate=1e-4, progress=0.5))
    float(numbers["bits"])  # a GPU works behind; this waits for it
    return time.perf_counter() - start
