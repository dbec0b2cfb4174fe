"""How fast the sampler is, as a share of what the machine can do and as a multiple of the plain PyTorch loop.

Operations are counted as 2 for each multiply-add of the network for a drawn sample, the embedding's look-up
as 0; the matrix rate, the bandwidth and the plain loop are measured in the same run on the same threads.
Weights are random: the work does not depend on their values. Start-up is timed apart, in processes of its
own. This file does not print.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from partita.models.rates import SIDES, matrix_rate, reread_bandwidth, thread_limit
from partita.models.sizes import WaveNetConfig, size_named
from partita.models.wavenet import WaveNet
from partita.sampling.choice import choose, probabilities
from partita.sampling.config import SamplingConfig
from partita.sampling.draws import uniforms
from partita.sampling.reference import CachedStep
from partita.sampling.starting import start_times
from partita.sampling.stream import Stream

RUNS = 5


@dataclass(frozen=True)
class Case:
    """What is measured: so many clips of a network on so many threads."""

    clips: int
    threads: int


def lively(config: WaveNetConfig) -> WaveNet:
    """Return a random network whose predictions are far from uniform, as a trained one's are."""
    model = WaveNet(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.end2.mul_(30.0)
    return model.eval()


def rate_of(advance: Callable[[int], Any], *, clips: int, seconds: float) -> float:
    """Return samples a second over all clips, drawing for about so long.

    >>> rate_of(lambda steps: time.sleep(0.001 * steps), clips=2, seconds=0.01) < 2000
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
def reference_rate(model: WaveNet, case: Case, *, seconds: float) -> float:
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
        return rate_of(advance, clips=case.clips, seconds=seconds)


def bound(case: Case, *, matrix: float, bandwidth: float) -> float:
    """Return the operations a second that reading every weight once for all clips of a thread allows.

    min(matrix rate, 2 operations for 4 bytes at the bandwidth of re-reading a buffer of the weights' size,
    for each clip of each thread)
    """
    return min(matrix, 2.0 / 4.0 * bandwidth * case.clips)


def start(size: str, *, runs: int) -> dict[str, Any]:
    """Return the bench's figures of the first block, medians over fresh processes whose code is on disk."""
    block = SamplingConfig().block
    times = start_times(size, block, runs=runs)
    middle = {name: float(np.median([one[name] for one in times])) for name in times[0]}
    return middle | {"start_runs": [one["start_seconds"] for one in times], "first_block": block}


def bench(
    size: str = "wide",
    *,
    cases: Sequence[Case] | None = None,
    runs: int = RUNS,
    seconds: float = 0.6,
    sides: tuple[int, ...] = SIDES,
) -> dict[str, Any]:
    """Measure the sampler on this machine's CPU.

    Args:
        size: a network by name.
        cases: what to measure; by default one clip on one core, and 16 clips on one core and on all cores.
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
    model = lively(size_named(size))
    every = SamplingConfig().thread_count
    if cases is None:
        cases = [Case(1, 1), Case(16, 1)] + ([Case(16, every)] if every > 1 else [])
    rates, matrix, bandwidth = _measured(model, cases, runs=runs, seconds=seconds, sides=sides)
    rows = []
    for case, measured in zip(cases, rates, strict=True):
        # on small tensors more threads can be slower: the plain loop is taken at its best
        tried = [Case(case.clips, threads) for threads in sorted({1, case.threads})]
        reference = max(reference_rate(model, one, seconds=seconds) for one in tried)
        rows.append(_row(size, case, measured, matrix[case.threads], bandwidth, reference))
    return {
        "cases": rows,
        **start(size, runs=runs),
        "reread_bandwidth": bandwidth,
    }


def _measured(
    model: WaveNet, cases: Sequence[Case], *, runs: int, seconds: float, sides: tuple[int, ...]
) -> tuple[list[list[float]], dict[int, float], float]:
    """Return each case's rates, the matrix rate by threads, and the bandwidth.

    Turn by turn: the machine's speed drifts, and each share should see all of it.
    """
    zero, weight_bytes = model.config.classes // 2, 4 * model.config.multiply_adds
    streams = [
        Stream(model, clips=case.clips, config=SamplingConfig(threads=case.threads), zero_class=zero)
        for case in cases
    ]
    for source in streams:
        source.take(1)
    rates: list[list[float]] = [[] for _ in cases]
    matrix, bandwidth = dict.fromkeys((case.threads for case in cases), 0.0), 0.0
    for _ in range(runs):
        for case, source, measured in zip(cases, streams, rates, strict=True):
            measured.append(rate_of(source.take, clips=case.clips, seconds=seconds))
        for threads in matrix:
            once = matrix_rate(torch.float32, threads, sides=sides, repeats=1)
            matrix[threads] = max(matrix[threads], once)
        bandwidth = max(bandwidth, reread_bandwidth(weight_bytes, seconds=0.1))
    return rates, matrix, bandwidth


def _row(
    size: str, case: Case, measured: list[float], matrix: float, bandwidth: float, reference: float
) -> dict[str, Any]:
    """Return one case as the bench reports it."""
    config = size_named(size)
    rate, operations = float(np.median(measured)), 2.0 * config.multiply_adds
    return {
        "size": size,
        "clips": case.clips,
        "threads": case.threads,
        "precision": "float32",
        "device": "cpu",
        "samples_per_second": rate,
        "runs": measured,
        "times_reference": rate / reference,
        "reference_samples_per_second": reference,
        "share_of_matrix_rate": rate * operations / matrix,
        "share_spread": [min(measured) * operations / matrix, max(measured) * operations / matrix],
        "matrix_rate": matrix,
        "share_of_bound": rate * operations / bound(case, matrix=matrix, bandwidth=bandwidth),
    }
