"""How fast the sampler is, as a share of what the machine can do and as a multiple of the plain PyTorch loop.

Operations are counted as 2 for each multiply-add of the network for a drawn sample, the embedding's look-up
as 0; the matrix rate, the bandwidth and the plain loop are measured in the same run on the same threads.
Weights are random: the work does not depend on their values. Start-up is timed apart, in processes of its
own. This file does not print.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import torch

from partita.benchmarks.machine import SIDES, matrix_rate, reread_bandwidth, thread_limit
from partita.benchmarks.start_time import start_times
from partita.device import Device
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
    """What is measured: so many clips of a network on so many threads, its weights stored in one way."""

    clips: int
    threads: int
    precision: Precision = "float32"
    device: Device = "cpu"

    @property
    def config(self) -> SamplingConfig:
        """How the sampler draws it."""
        return SamplingConfig(threads=self.threads, precision=self.precision, device=self.device)


def random_network(config: WaveNetConfig) -> WaveNet:
    """Return a random network whose predictions are far from uniform, as a trained one's are."""
    model = WaveNet(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.end2.mul_(30.0)
    return model.eval()


def measure_rate(advance: Callable[[int], Any], *, clips: int, seconds: float) -> float:
    """Return samples a second over all clips, drawing for about so long.

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
    """Return samples a second of the plain PyTorch cached loop, drawing included."""
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
    """Return the operations a second that reading every weight once for all clips of a thread allows.

    min(matrix rate, 2 operations for the bytes of a weight at the bandwidth of re-reading a buffer of the
    weights' size, for each clip of each thread)
    """
    return min(matrix, 2.0 / bytes_each * bandwidth * case.clips)


def weight_bytes(config: WaveNetConfig, precision: str) -> int:
    """Return the bytes of a network's matrices when one clip reads them.

    >>> weight_bytes(size_named("small"), "bfloat16") == 2 * size_named("small").multiply_adds
    True
    """
    last = config.end_channels * config.classes
    return (
        bytes_per_weight(precision, "skip") * (config.multiply_adds - last)
        + bytes_per_weight(precision, "end2") * last
    )


def measure_start(size: str, *, runs: int) -> dict[str, Any]:
    """Return the bench's figures of the first block, medians over fresh processes whose code is on disk."""
    block = SamplingConfig().block
    times = start_times(size, block, runs=runs)
    middle = {name: float(np.median([one[name] for one in times])) for name in times[0]}
    return middle | {"start_runs": [one["start_seconds"] for one in times], "first_block": block}


def bytes_read(config: WaveNetConfig, case: BenchCase) -> float:
    """Return the bytes of a weight as a case reads it: clips that share weights have them as float32.

    >>> bytes_read(size_named("small"), BenchCase(16, 2, "bfloat16"))
    4.0
    """
    precision = case.precision if case.clips <= case.threads else "float32"
    return weight_bytes(config, precision) / config.multiply_adds


def default_cases() -> list[BenchCase]:
    """Return one clip on one core at every precision, 16 on one core and on all, and a GPU's if there."""
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
        size: a network by name.
        cases: what to measure; by default those of `default_cases`.
        runs: times that each case is measured, turn by turn; the median is reported, with all beside it.
        seconds: of drawing in each run.
        sides: of the square matrices whose product's rate is measured.

    Returns:
        {"cases": [{"size", "clips", "threads", "precision", "device", "samples_per_second",
        "times_reference", "share_of_matrix_rate", "share_of_bound", ...}], "start_seconds", ...}, where
        `start_seconds` goes from a model in memory to its first block (see `starting.py`)

    Raises:
        PartitaError: no size has that name.
    """
    config = size_named(size)
    model, cases = random_network(config), default_cases() if cases is None else cases
    rates, limits = _measured(model, cases, runs=runs, seconds=seconds, sides=sides)
    rows, references = [], dict[tuple[int, int], float]()
    for case, measured in zip(cases, rates, strict=True):
        # on small tensors more threads can be slower: the plain loop is taken at its best
        tried = [BenchCase(case.clips, threads) for threads in sorted({1, case.threads})]
        key = (case.clips, case.threads)
        if key not in references:
            references[key] = max(reference_rate(model, one, seconds=seconds) for one in tried)
        rows.append(case_row(size, case, measured, limits, references[key]))
    return {"cases": rows, **measure_start(size, runs=runs)}


@dataclass(frozen=True)
class MachineLimits:
    """What the machine can do: rates of the matrix product, and bandwidths."""

    matrix: dict[tuple[Device, int], float]
    """By device and threads, operations a second in float32."""
    bandwidth: dict[Precision, float]
    """By precision, bytes a second of re-reading a buffer of the weights' size."""


def _measured(
    model: WaveNet, cases: Sequence[BenchCase], *, runs: int, seconds: float, sides: tuple[int, ...]
) -> tuple[list[list[float]], MachineLimits]:
    """Return each case's rates and the machine's limits.

    Turn by turn: the machine's speed drifts, and each share should see all of it.
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
    """Return one case as the bench reports it."""
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
    most = None
    if case.device == "cpu":
        most = rate_bound(case, matrix=matrix, bandwidth=bandwidth, bytes_each=bytes_read(config, case))
    share = None if most is None else rate * operations / most
    return row | {"share_of_bound": share, "reread_bandwidth": bandwidth}
