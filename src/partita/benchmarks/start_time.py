"""Time from a model in memory to its first block of samples, in a new process.

Run as a program, `python -m partita.benchmarks.start_time SIZE BLOCK`, this file measures its own process and
prints JSON. `start_times` runs it in several new processes, after the first has filled the disk cache of
compiled code. The weights are random.
"""

import json
import subprocess
import sys
import time

from partita.errors import PartitaError


def measure_start_time(size: str, block: int) -> dict[str, float]:
    """Measure the start in this process, in which the sampler is not imported yet.

    Args:
        size: name of a network.
        block: samples of the first block.

    Returns:
        `imports_seconds`: time to import the sampler. `setup_seconds`: time to set up Numba, see
        `prepare_numba`. `start_seconds`: time from the model in memory to the first block, which includes
        packing the weights, loading machine code, processing the silent prompt, and drawing.

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
    """Run `measure_start_time` in several new processes, one after the other.

    The first process may have to compile, so its result is dropped.

    Args:
        size: name of a network.
        block: samples of the first block.
        runs: number of results.

    Returns:
        The result of each process.

    Raises:
        PartitaError: a process failed.
    """
    command = [sys.executable, "-m", "partita.benchmarks.start_time", size, str(block)]
    found = []
    for _ in range(runs + 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            raise PartitaError(f"the process that measures the start time failed: {lines[-1]}")
        found.append(json.loads(done.stdout))
    return found[1:]


if __name__ == "__main__":
    print(json.dumps(measure_start_time(sys.argv[1], int(sys.argv[2]))))
