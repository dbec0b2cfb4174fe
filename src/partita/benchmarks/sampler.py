"""Speed of the sampler, as a share of the rates of the machine and relative to a plain PyTorch loop.

A sample counts 2 operations for each multiply-add of the network, and none for the embedding. The matrix
rate, the bandwidth and the plain loop are measured in the same run with the same threads. The weights are
random, because the amount of work does not depend on their values. The start time is measured separately, in
new processes.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import torch

from partita.benchmarks.machine import SIDES, matrix_rate, reread_bandwidth
from partita.benchmarks.start_time import start_times
from partita.device import Device, thread_limit
from partita.models.sizes import WaveNetConfig, size_named
from partita.models.wavenet import WaveNet
from partita.sampling.categorical import choose, probabilities
from partita.sampling.config import Precision, SamplingConfig
from partita.sampling.precision import bytes_per_weight
from partita.sampling.reference import CachedStep
from partita.sampling.stream import Stream
from partita.sampling.uniforms import uniforms

RUNS = 5


@dataclass(frozen=True)
class BenchCase:
    """One case of the benchmark.

    Args:
        clips: number of clips drawn together.
        threads: CPU threads.
        precision: type in which the weights are stored.
        device: device that draws.
    """

    clips: int
    threads: int
    precision: Precision = "float32"
    device: Device = "cpu"

    @property
    def config(self) -> SamplingConfig:
        """Sampling settings of the case."""
        return SamplingConfig(threads=self.threads, precision=self.precision, device=self.device)


def random_network(config: WaveNetConfig) -> WaveNet:
    """Return a network with random weights whose predictions are far from uniform, like those after training.

    Args:
        config: shape of the network.
    """
    model = WaveNet(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.end2.mul_(30.0)
    return model.eval()


def measure_rate(advance: Callable[[int], Any], *, clips: int, seconds: float) -> float:
    """Measure the samples per second of all clips together.

    Args:
        advance: draws a number of samples of each clip.
        clips: number of clips.
        seconds: approximate duration of the measurement.

    >>> measure_rate(lambda steps: time.sleep(0.001 * steps), clips=2, seconds=0.01) < 2000
    True
    """
    steps = 1
    while True:
        begun = time.perf_counter()
        advance(steps)
        spent = time.perf_counter() - begun
        if spent >= 0.5 * seconds:
            return clips * steps / spent
        steps = max(steps + 1, min(8 * steps, int(0.8 * seconds * steps / max(spent, 1e-6))))


@torch.inference_mode()
def reference_rate(model: WaveNet, case: BenchCase, *, seconds: float) -> float:
    """Measure the samples per second of a plain PyTorch loop with cached activations, including the choice.

    Args:
        model: the network.
        case: the number of clips and threads.
        seconds: approximate duration of the measurement.
    """
    config, step = SamplingConfig(), CachedStep(model, clips=case.clips)

    def advance(steps: int) -> None:
        classes = torch.full((case.clips,), model.config.classes // 2)
        numbers = uniforms(0, case.clips, 0, steps)
        for t in range(steps):
            logits = step(classes)
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


def weight_bytes(config: WaveNetConfig, precision: str) -> int:
    """Return the size of the matrices of a network in bytes, as they are stored for one clip.

    Args:
        config: shape of the network.
        precision: type in which the weights are stored.

    >>> weight_bytes(size_named("small"), "bfloat16") == 2 * size_named("small").multiply_adds
    True
    """
    last = config.end_channels * config.classes
    return (
        bytes_per_weight(precision, "skip") * (config.multiply_adds - last)
        + bytes_per_weight(precision, "end2") * last
    )


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


def bytes_read(config: WaveNetConfig, case: BenchCase) -> float:
    """Return the bytes of a weight in a case. Threads with several clips use float32 weights.

    Args:
        config: shape of the network.
        case: the case.

    >>> bytes_read(size_named("small"), BenchCase(16, 2, "bfloat16"))
    4.0
    """
    precision = case.precision if case.clips <= case.threads else "float32"
    return weight_bytes(config, precision) / config.multiply_adds


def default_cases() -> list[BenchCase]:
    """Return the default cases: 1 clip at every precision, 16 clips on 1 and on all cores, and a GPU."""
    every = SamplingConfig().thread_count
    cases = [BenchCase(1, 1, precision) for precision in get_args(Precision)] + [BenchCase(16, 1)]
    if every > 1:
        cases.append(BenchCase(16, every))
    if torch.cuda.is_available():
        cases += [BenchCase(clips, 1, device="cuda") for clips in (1, 512)]
    return cases


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
        {"cases": [{"size", "clips", "threads", "precision", "device", "samples_per_second",
        "times_reference", "share_of_matrix_rate", "share_of_bound", ...}], "start_seconds", ...}, where
        "start_seconds" is the time from a model in memory to its first block; see `start_time.py`.

    Raises:
        PartitaError: no size has that name.
    """
    config = size_named(size)
    model, cases = random_network(config), default_cases() if cases is None else cases
    rates, limits = _measured(model, cases, runs=runs, seconds=seconds, sides=sides)
    rows, references = [], dict[tuple[int, int], float]()
    for case, measured in zip(cases, rates, strict=True):
        # more threads can be slower on small tensors: use the best number for the plain loop
        tried = [BenchCase(case.clips, threads) for threads in sorted({1, case.threads})]
        key = (case.clips, case.threads)
        if key not in references:
            references[key] = max(reference_rate(model, one, seconds=seconds) for one in tried)
        rows.append(case_row(size, case, measured, limits, references[key]))
    return {"cases": rows, **measure_start(size, runs=runs)}


@dataclass(frozen=True)
class MachineLimits:
    """Rates of matrix products and bandwidths of the machine."""

    matrix: dict[tuple[Device, int], float]
    """Operations per second of float32 matrix products, by device and threads."""
    bandwidth: dict[Precision, float]
    """Bytes per second of reading a buffer of the size of the weights repeatedly, by precision."""


def _measured(
    model: WaveNet, cases: Sequence[BenchCase], *, runs: int, seconds: float, sides: tuple[int, ...]
) -> tuple[list[list[float]], MachineLimits]:
    """Measure the rates of the cases and the limits of the machine.

    The measurements alternate, because the speed of a machine drifts.
    """
    zero = model.config.classes // 2
    streams = [Stream(model, clips=case.clips, config=case.config, zero_class=zero) for case in cases]
    for source in streams:
        source.take(1)
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
            once = reread_bandwidth(weight_bytes(model.config, precision), seconds=0.1)
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
