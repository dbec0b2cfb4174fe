"""What a sample costs as the work grows: with the number of clips, and with the receptive field.

Costs are seconds for a million multiply-adds, so that networks of different depth can be laid side by side;
the machine's matrix product, timed in the same run, is the floor. This file does not print.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from partita.benchmarks.machine import SIDES, matrix_rate
from partita.benchmarks.sampler import RUNS, BenchCase, measure_rate, random_network
from partita.models.sizes import WaveNetConfig, size_named
from partita.sampling.config import SamplingConfig
from partita.sampling.stream import Stream

CLIPS = (1, 2, 4, 8, 16, 32, 64)
FIELDS = ((4, 6), (3, 8), (3, 9), (2, 11), (2, 12), (2, 13))
"""Blocks and layers of each: receptive fields 253, 766, 1,534, 4,095, 8,191, 16,383 with 22 to 27 layers."""


def scaling(
    size: str = "wide",
    *,
    clips: tuple[int, ...] = CLIPS,
    fields: tuple[tuple[int, int], ...] = FIELDS,
    runs: int = RUNS,
    seconds: float = 0.6,
    sides: tuple[int, ...] = SIDES,
) -> dict[str, Any]:
    """Measure the cost of a sample for growing numbers of clips, and for growing receptive fields.

    Args:
        size: a network by name; the receptive fields are those of networks with its channels.
        clips: how many at once.
        fields: (blocks, layers) of each receptive field.
        runs: times that each is measured, turn by turn; the median is reported, with the spread.
        seconds: of drawing in each run.
        sides: of the square matrices whose product's rate is measured.

    Returns:
        {"size", "threads", "floor", "clips": [row, ...], "receptive_fields": [row, ...]}; a row has "clips",
        "receptive_field", "layers", "samples_per_second", "microseconds_a_sample" and, for a million
        multiply-adds, "microseconds" with its "spread"; "floor" is what these cost in a matrix product.
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
        source.take(1)  # the past is taken in, and the compiled code loaded
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
