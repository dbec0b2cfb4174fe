"""Speed of the sampler, as a share of the rates of the machine and relative to a plain PyTorch loop.

A sample counts 2 operations for each multiply-add of the network, and none for the embedding. The matrix
rate, the bandwidth and the plain loop are measured in the same run with the same threads. The weights are
random, because the amount of work does not depend on their values. The start time is measured separately, in
new processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from partita.benchmarks.cases import (
    BenchCase,
    Condition,
    bytes_read,
    conditioned,
    default_cases,
    random_network,
    weight_bytes,
)
from partita.benchmarks.machine import SIDES, matrix_rate, measure_rate, reread_bandwidth
from partita.benchmarks.start_time import start_times
from partita.benchmarks.student import student_rates
from partita.device import Device, thread_limit
from partita.models.sizes import size_named
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose, probabilities
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.reference import CachedStep
from partita.sampling.uniforms import uniforms

RUNS = 5


@torch.inference_mode()
def reference_rate(model: WaveNet, case: BenchCase, *, seconds: float) -> float:
    """Measure the samples per second of a plain PyTorch loop with cached activations, including the choice.

    Args:
        model: the network.
        case: the number of clips and threads.
        seconds: approximate duration of the measurement.
    """
    config, step, condition = SamplingConfig(), CachedStep(model, clips=case.clips), None
    if model.conditioner is not None:
        condition = torch.zeros(1, model.conditioner.gate_columns + model.config.skip_channels)

    def advance(steps: int) -> None:
        classes = torch.full((case.clips,), model.config.classes // 2)
        numbers = uniforms(0, case.clips, 0, steps)
        for t in range(steps):
            logits = step(classes, condition)
            classes = torch.from_numpy(choose(probabilities(logits.numpy(), config), numbers[:, t]))

    with thread_limit(case.threads):
        advance(3)
        return measure_rate(advance, clips=case.clips, seconds=seconds)


def rate_bound(case: BenchCase, *, matrix: float, bandwidth: float, bytes_each: float) -> float:
    """Return the upper bound on the operations per second of a case.

        min(matrix, 2 * clips * bandwidth / bytes_each)

    The second term is the limit of reading every weight once for a sample of all clips.

    Args:
        case: the case.
        matrix: matrix rate, in operations per second.
        bandwidth: bandwidth of reading a buffer of the size of the weights, in bytes per second.
        bytes_each: bytes of a weight.
    """
    return min(matrix, 2.0 / bytes_each * bandwidth * case.clips)


def measure_start(size: str, *, runs: int) -> dict[str, Any]:
    """Measure the time to the first block, as medians over new processes with compiled code on disk.

    Args:
        size: name of a network.
        runs: number of processes.
    """
    block = SamplingConfig().block
    times = start_times(size, block, runs=runs)
    middle = {name: float(np.median([one[name] for one in times])) for name in times[0]}
    return middle | {"start_runs": [one["start_seconds"] for one in times], "first_block": block}


def bench(
    size: str = "wide",
    *,
    cases: Sequence[BenchCase] | None = None,
    runs: int = RUNS,
    seconds: float = 0.6,
    sides: tuple[int, ...] = SIDES,
) -> dict[str, Any]:
    """Measure the sampler on this machine.

    Args:
        size: name of a network.
        cases: the cases to measure; by default those of `default_cases`.
        runs: measurements of each case, in turn; the median is reported, and all under "runs".
        seconds: time to draw in each measurement.
        sides: sizes of the square matrix products.

    Returns:
        {"students", "cases": [{"size", "clips", "threads", "precision", "device", "samples_per_second",
        "times_reference", "share_of_matrix_rate", "share_of_bound", "condition", "share_of_unconditioned",
        ...}], "start_seconds", ...}. "share_of_unconditioned" compares a network that is given features with
        one that is not, in the same case and run. "start_seconds" is the time from a model in memory to its
        first block; see `start_time.py`. "students" are the rows of `student_rates`.

    Raises:
        PartitaError: no size has that name.
    """
    config = size_named(size)
    cases = default_cases() if cases is None else cases
    models = {
        condition: random_network(conditioned(config, condition))
        for condition in dict.fromkeys(case.condition for case in cases)
    }
    rates, limits = _measured(models, cases, runs=runs, seconds=seconds, sides=sides)
    plain = {case: measured for case, measured in zip(cases, rates, strict=True) if case.condition == "none"}
    rows, references = [], dict[BenchCase, float]()
    for case, measured in zip(cases, rates, strict=True):
        # more threads can be slower on small tensors: use the best number for the plain loop
        tried = [BenchCase(case.clips, threads) for threads in sorted({1, case.threads})]
        key = BenchCase(case.clips, case.threads, condition=case.condition)
        if key not in references:
            model = models[case.condition]
            references[key] = max(reference_rate(model, one, seconds=seconds) for one in tried)
        row = case_row(size, case, measured, limits, references[key])
        rows.append(row | compared(case, measured, plain.get(case.unconditioned)))
    students = student_rates(size, runs=runs, seconds=seconds)
    return {"cases": rows, "students": students, **measure_start(size, runs=runs)}


@dataclass(frozen=True)
class MachineLimits:
    """Rates of matrix products and bandwidths of the machine."""

    matrix: dict[tuple[Device, int], float]
    """Operations per second of float32 matrix products, by device and threads."""
    bandwidth: dict[Precision, float]
    """Bytes per second of reading a buffer of the size of the weights repeatedly, by precision."""


def _measured(
    models: Mapping[Condition, WaveNet],
    cases: Sequence[BenchCase],
    *,
    runs: int,
    seconds: float,
    sides: tuple[int, ...],
) -> tuple[list[list[float]], MachineLimits]:
    """Measure the rates of the cases and the limits of the machine.

    The measurements alternate, because the speed of a machine drifts.
    """
    streams = [case.stream(models[case.condition]) for case in cases]
    config = next(iter(models.values())).config
    rates: list[list[float]] = [[] for _ in cases]
    matrix = dict.fromkeys(((case.device, case.threads) for case in cases), 0.0)
    bandwidth = dict.fromkeys((case.precision for case in cases), 0.0)
    for _ in range(runs):
        for case, source, measured in zip(cases, streams, rates, strict=True):
            measured.append(measure_rate(source.take, clips=case.clips, seconds=seconds))
        for device, threads in matrix:
            once = matrix_rate(torch.float32, threads, device, sides=sides, repeats=1)
            matrix[device, threads] = max(matrix[device, threads], once)
        for precision, best in bandwidth.items():
            once = reread_bandwidth(weight_bytes(config, precision), seconds=0.1)
            bandwidth[precision] = max(best, once)
    return rates, MachineLimits(matrix, bandwidth)


def case_row(
    size: str, case: BenchCase, measured: list[float], limits: MachineLimits, reference: float
) -> dict[str, Any]:
    """Return the results of one case for JSON.

    Args:
        size: name of the network.
        case: the case.
        measured: samples per second of each measurement.
        limits: limits of the machine.
        reference: samples per second of the plain loop.
    """
    config = size_named(size)
    rate, operations = float(np.median(measured)), 2.0 * config.multiply_adds
    matrix, bandwidth = limits.matrix[case.device, case.threads], limits.bandwidth[case.precision]
    row = {
        "size": size,
        "clips": case.clips,
        "threads": case.threads,
        "precision": case.precision,
        "device": case.device,
        "condition": case.condition,
        "samples_per_second": rate,
        "runs": measured,
        "times_reference": rate / reference,
        "reference_samples_per_second": reference,
        "share_of_matrix_rate": rate * operations / matrix,
        "share_spread": [min(measured) * operations / matrix, max(measured) * operations / matrix],
        "matrix_rate": matrix,
    }
    bound = None
    if case.device == "cpu":
        bound = rate_bound(case, matrix=matrix, bandwidth=bandwidth, bytes_each=bytes_read(config, case))
    share = None if bound is None else rate * operations / bound
    return row | {"share_of_bound": share, "reread_bandwidth": bandwidth}


def compared(case: BenchCase, measured: list[float], plain: list[float] | None) -> dict[str, Any]:
    """Return the speed of a network with a condition as a share of the speed of one without.

    Args:
        case: the case.
        measured: samples per second of each measurement.
        plain: the same of the case without a condition, measured in turn; None if it was not.

    Returns:
        {"share_of_unconditioned": the median of the shares of all measurements, or None}.

    >>> compared(BenchCase(1, 1, condition="features"), [90.0, 40.0, 85.0], [100.0, 50.0, 100.0])
    {'share_of_unconditioned': 0.85}
    """
    if case.condition == "none" or plain is None:
        return {"share_of_unconditioned": None}
    return {"share_of_unconditioned": float(np.median(np.divide(measured, plain)))}
