"""Cost of a sample as the number of clips or the receptive field grows.

Costs are microseconds per million multiply-adds, which makes networks of different depth comparable. The
lower bound is the cost in a matrix product, measured in the same run.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from partita.benchmarks.cases import BenchCase, random_network
from partita.benchmarks.machine import SIDES, matrix_rate, measure_rate
from partita.benchmarks.sampler import RUNS
from partita.models.sizes import WaveNetConfig, size_named
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import Stream

CLIPS = (1, 2, 4, 8, 16, 32, 64)
RECEPTIVE_FIELDS = ((4, 6), (3, 8), (3, 9), (2, 11), (2, 12), (2, 13))
"""(blocks, layers): receptive fields of 253, 766, 1,534, 4,095, 8,191 and 16,383 with 22 to 27 layers."""


def scaling(
    size: str = "wide",
    *,
    clips: tuple[int, ...] = CLIPS,
    fields: tuple[tuple[int, int], ...] = RECEPTIVE_FIELDS,
    runs: int = RUNS,
    seconds: float = 0.6,
    sides: tuple[int, ...] = SIDES,
) -> dict[str, Any]:
    """Measure the cost of a sample for several numbers of clips and several receptive fields.

    Args:
        size: name of a network; the networks with other receptive fields have the same channels.
        clips: numbers of clips drawn together.
        fields: (blocks, layers) of each receptive field.
        runs: measurements of each case, in turn; the median is reported.
        seconds: time to draw in each measurement.
        sides: sizes of the square matrix products.

    Returns:
        {"size", "threads", "floor", "clips": [row, ...], "receptive_fields": [row, ...]}. A row has "clips",
        "receptive_field", "layers", "samples_per_second", "microseconds_a_sample" and, per million
        multiply-adds, "microseconds" with its "spread" (smallest and largest). "floor" is the cost of a
        million multiply-adds in a matrix product, in microseconds.
    """
    config, threads = size_named(size), SamplingConfig().thread_count
    shapes = [(config, count) for count in clips]
    shapes += [
        (replace(config, blocks=blocks, layers=layers), count)
        for count in (1, 16)
        for blocks, layers in fields
    ]
    models = {shape: random_network(shape) for shape, _ in shapes}
    streams = [
        Stream(
            models[shape], clips=count, config=BenchCase(count, threads).config, zero_class=shape.classes // 2
        )
        for shape, count in shapes
    ]
    for source in streams:
        source.take(1)  # processes the prompt and loads the compiled code
    costs: list[list[float]] = [[] for _ in shapes]
    floor = np.inf
    for _ in range(runs):
        for (shape, count), source, found in zip(shapes, streams, costs, strict=True):
            rate = measure_rate(source.take, clips=count, seconds=seconds)
            found.append(1e12 / (rate * shape.multiply_adds))
        floor = min(floor, 2e12 / matrix_rate(torch.float32, threads, sides=sides, repeats=1))
    rows = [_row(*shape, found) for shape, found in zip(shapes, costs, strict=True)]
    return {
        "size": size,
        "threads": threads,
        "floor": floor,
        "clips": rows[: len(clips)],
        "receptive_fields": rows[len(clips) :],
    }


def _row(config: WaveNetConfig, clips: int, costs: list[float]) -> dict[str, Any]:
    cost = float(np.median(costs))
    sample = cost * config.multiply_adds / 1e6
    return {
        "clips": clips,
        "receptive_field": config.receptive_field,
        "layers": len(config.dilations),
        "samples_per_second": 1e6 / sample,
        "microseconds_a_sample": sample,
        "microseconds": cost,
        "spread": [min(costs), max(costs)],
    }
