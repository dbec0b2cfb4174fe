"""How long a listener waits: from a model to its first block, in a process that has drawn nothing yet.

Run as a program, `python -m partita.benchmarks.start_time SIZE BLOCK`, this file measures its own process and
prints what it found; `start_times` does that in a few fresh ones. What was compiled lies on disk by then, if
it can be kept there. This file does not know trained models: weights are random.
"""

import json
import subprocess
import sys
import time

from partita.errors import PartitaError


def measure_start_time(size: str, block: int) -> dict[str, float]:
    """Measure this process, in which the sampler must not have been imported yet.

    Args:
        size: a network by name.
        block: samples of the first block.

    Returns:
        `imports_seconds`, `setup_seconds` (Numba's own, see `prepare_numba`; the first stream does it) and
        `start_seconds`, from the model in memory to the block: packing the weights, loading machine code,
        taking in the silence before the first sample, drawing.

    >>> sorted(measure_start_time("tiny", 16))
    ['imports_seconds', 'setup_seconds', 'start_seconds']
    """
    begun = time.perf_counter()
    from partita.models.sizes import size_named
    from partita.models.wavenet import WaveNet
    from partita.sampling.config import SamplingConfig
    from partita.sampling.cpu.kernel import prepare_numba
    from partita.sampling.stream import Stream

    imported = time.perf_counter()
    prepare_numba()
    ready = time.perf_counter()
    model = WaveNet(size_named(size)).eval()
    loaded = time.perf_counter()
    Stream(model, config=SamplingConfig(threads=1), zero_class=model.config.classes // 2).take(block)
    return {
        "imports_seconds": imported - begun,
        "setup_seconds": ready - imported,
        "start_seconds": time.perf_counter() - loaded,
    }


def start_times(size: str, block: int, *, runs: int) -> list[dict[str, float]]:
    """Return what `measure_start_time` finds in fresh processes, one after the other.

    The first of them, which may have to compile, is not counted.

    Args:
        size: a network by name.
        block: samples of the first block.
        runs: how many processes.

    Raises:
        PartitaError: a process failed.
    """
    command = [sys.executable, "-m", "partita.benchmarks.start_time", size, str(block)]
    found = []
    for _ in range(runs + 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            raise PartitaError(f"a process of its own, to time the start in, failed: {said[-1]}")
        found.append(json.loads(done.stdout))
    return found[1:]


if __name__ == "__main__":
    print(json.dumps(measure_start_time(sys.argv[1], int(sys.argv[2]))))
