"""Speed of a student, which draws in parallel, relative to the sampler's of one clip with the same frames.

The weights and the frames are random, because the amount of work does not depend on their values.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from partita.benchmarks.cases import BenchCase, Condition, conditioned, random_network
from partita.benchmarks.machine import measure_rate
from partita.models.flows.iaf import IAF, IAFConfig
from partita.models.sizes import size_named
from partita.sampling.blocks.iaf import ROW, ROWS, IAFStream
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import Stream

CONDITIONS: tuple[Condition, ...] = ("features", "drawn features")


def student_rates(
    size: str = "small", *, shape: IAFConfig | None = None, runs: int = 5, seconds: float = 0.6
) -> list[dict[str, Any]]:
    """Measure one clip of a student on all cores, in turn with one clip of a WaveNet on one core.

    One clip of a WaveNet cannot use more than one core: each sample needs the one before.

    Args:
        size: name of the WaveNet.
        shape: of the student, by default the usual one.
        runs: measurements of each, in turn; the medians are reported.
        seconds: time to draw in each measurement.

    Returns:
        for each condition {"model": "iaf", "clips", "threads", "condition", "samples_per_second",
        "times_one_clip", "runs", "size"}: the ratio is the median over the pairs of measurements.

    Raises:
        PartitaError: no size has that name.
    """
    shape, rows = shape or IAFConfig(), []
    threads = SamplingConfig().thread_count
    for condition in CONDITIONS:
        case = BenchCase(1, 1, condition=condition)
        network = conditioned(size_named(size), condition)
        fine = replace(network, classes=65535, head="gaussian")
        student = IAF(fine, shape, generator=torch.Generator().manual_seed(0)).eval().requires_grad_(False)
        fast = IAFStream(student, config=SamplingConfig(threads=threads), conditions=case.frames())
        slow = case.stream(random_network(network))
        fast.take(ROW * ROWS)  # loads the compiled code
        own, one_clip = np.array([_pair(fast, slow, seconds) for _ in range(runs)]).T
        rows.append(
            {
                "model": "iaf",
                "size": size,
                "clips": 1,
                "threads": threads,
                "condition": condition,
                "samples_per_second": float(np.median(own)),
                "times_one_clip": float(np.median(own / one_clip)),
                "runs": own.tolist(),
            }
        )
    return rows


def _pair(fast: IAFStream, slow: Stream, seconds: float) -> tuple[float, float]:
    """Measure a student, in whole blocks, and the sampler."""
    block = ROW * ROWS
    own = measure_rate(lambda blocks: fast.take(blocks * block), clips=block, seconds=seconds)
    return own, measure_rate(slow.take, clips=1, seconds=seconds)
