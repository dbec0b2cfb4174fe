"""Speed of a whole training step, as a share of the matrix rate of the machine.

The step is that of training: forward pass, likelihood loss, gradients, gradient clipping, optimizer and EMA,
on windows of random classes with their context. It does not include reading the corpus (under 1% of the
time), validation and checkpoints.
"""

import statistics
import time
from typing import Any

import torch

from partita.benchmarks.machine import matrix_rate
from partita.device import thread_limit
from partita.training.config.train import TrainConfig
from partita.training.memory import keep_freed_memory
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

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
    """Measure the predicted samples per second and their share of the matrix rate.

    The share counts 6 operations for each multiply-add of the forward pass of a predicted sample: 2 for the
    forward pass and 4 for the backward pass. Positions of the context are computed but not counted. The
    training steps alternate with matrix products, because the speed of a machine drifts, and the median of
    the shares is reported.

    Args:
        size: name of a network.
        batch: windows in a step.
        targets: predicted samples in a window.
        threads: CPU threads; by default those of PyTorch.
        device: "auto", "cpu" or "cuda".
        runs: pairs of measurements.
        steps: training steps in each measurement.

    Returns:
        `size`, `samples_per_second`, `share_of_matrix_rate` with the smallest and largest share of the runs
        as `share_low` and `share_high`, `matrix_dtype`, `matrix_rate` in operations per second, and the
        settings.

    >>> bench("tiny", targets=256, runs=1, steps=1)["matrix_dtype"] in ("float32", "bfloat16")
    True
    """
    keep_freed_memory()
    with thread_limit(threads):
        return _measured(size, batch=batch, targets=targets, device=device, runs=runs, steps=steps)


def _measured(size: str, *, batch: int, targets: int, device: str, runs: int, steps: int) -> dict[str, Any]:
    """Measure with the current number of PyTorch threads; see `bench`."""
    config = TrainConfig(size=size, steps=1, device=device, batch=batch, targets=targets)
    train_step, threads = WaveNetStep(config), torch.get_num_threads()
    compute, shape = train_step.compute, config.network_shape
    dtype = torch.bfloat16 if compute.bfloat16 else torch.float32
    rng = torch.Generator().manual_seed(0)
    extent = (batch, shape.receptive_field + targets)
    classes = torch.randint(0, shape.classes, extent, generator=rng).to(compute.device)
    valid = torch.ones(batch, targets, dtype=torch.bool, device=compute.device)
    _seconds(train_step, classes, valid, 2)
    rates, ceilings = [], []
    for _ in range(runs):
        rates.append(steps * batch * targets / _seconds(train_step, classes, valid, steps))
        ceilings.append(matrix_rate(dtype, threads, compute.device))
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
        "device": compute.device.type,
        "runs": runs,
    }


def _seconds(train_step: WaveNetStep, classes: torch.Tensor, valid: torch.Tensor, steps: int) -> float:
    start = time.perf_counter()
    for step in range(steps):
        numbers = train_step.update(classes, valid, StepInfo(step=step + 1, learning_rate=1e-4, progress=0.5))
    float(numbers["bits"])  # waits for the GPU, which works asynchronously
    return time.perf_counter() - start
