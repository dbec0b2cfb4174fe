"""Damage corpora, runs, arenas and demos at random, and count how the commands react.

    python damage.py [--count 500] [--targets corpus run ...] [--out FILE] [--only TARGET:NUMBER ...]

Each case damages one file of a new copy and runs the commands that use it. The accepted verdicts are
`refused` (status 2, and a message names the file or its folder), `harmless` (the outcome is bitwise that
without damage) and `reported` (a message names the file, and the outcome differs). Any other verdict is a
fault; the exit status is then 1. The seed, the target and the number determine a case: `--only run:17`
repeats one case and prints it.

A separate process runs the cases. It is restarted if it dies or hangs.
"""

import argparse
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGETS = {"corpus": 0.25, "run": 0.3, "interrupted": 0.25, "arena": 0.12, "demo": 0.08}
"""The folders to damage, and their shares of the cases."""
MEMORY = 16 * 2**30
"""Limit of the memory of a worker in bytes, in case a command trusts a damaged size."""
LIMIT = 120.0
"""Time limit for the commands of one case in seconds."""
FIRST_LIMIT = 600.0
"""Time limit for the first case of a target in seconds; it also makes the scene."""


def work(folder: Path, seed: int, targets: list[str]) -> None:
    """Run the cases named on standard input, and print the result of each on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import torch
    from damage_cases import DamageCases
    from scene import make_scene

    torch.set_num_threads(1)  # for repeatable results
    cases_of_damage = DamageCases(folder, seed=seed)
    if not cases_of_damage.pristine.exists():
        make_scene(cases_of_damage.case, set(targets) | {"run", "interrupted"})
        cases_of_damage.case.rename(cases_of_damage.pristine)
    for line in sys.stdin:
        target, number = line.split(":")
        print(json.dumps(cases_of_damage.run_case(target, int(number))), file=answers, flush=True)


class Worker:
    """A process that runs cases, one at a time.

    Args:
        folder: its working folder.
        seed: the seed of the damage.
        targets: the targets that will be damaged.
    """

    def __init__(self, folder: Path, seed: int, targets: list[str]) -> None:
        self._command = [sys.executable, __file__, "--work", str(folder), "--seed", str(seed)]
        self._command += ["--targets", *targets]
        self._process: subprocess.Popen[str] | None = None
        self._started_targets: set[str] = set()

    def begin(self, case: str) -> None:
        """Start a case, given as TARGET:NUMBER."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._started_targets.clear()
        assert self._process.stdin
        print(case, file=self._process.stdin, flush=True)

    def answer(self, case: str) -> dict[str, Any]:
        """Wait for the result of a case."""
        target, number = case.split(":")
        assert self._process and self._process.stdout
        limit = LIMIT if target in self._started_targets else FIRST_LIMIT
        ready, _, _ = select.select([self._process.stdout], [], [], limit)
        line = self._process.stdout.readline() if ready else ""
        self._started_targets.add(target)
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        verdict = "crash" if ready else "hang"
        self.end()
        details = {"kind": "?", "files": [], "command": "?", "answer": f"`--only {case}` repeats it"}
        return {"target": target, "number": int(number), "verdict": verdict, **details}

    def end(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def run(cases: list[str], workers: list[Worker]) -> Iterator[dict[str, Any]]:
    """Yield the result of each case; the workers run in parallel."""
    for start in range(0, len(cases), len(workers)):
        together = list(zip(workers, cases[start:], strict=False))
        for worker, case in together:
            worker.begin(case)
        for worker, case in together:
            yield worker.answer(case)


def distribute_cases(count: int, targets: list[str]) -> list[str]:
    """Return the cases as TARGET:NUMBER: number 0, without damage, of each target, then `count` others."""
    whole = sum(TARGETS[target] for target in targets)
    cases = [f"{target}:0" for target in targets]
    for place, target in enumerate(targets):
        first = round(count * sum(TARGETS[name] for name in targets[:place]) / whole)
        stop = round(count * sum(TARGETS[name] for name in targets[: place + 1]) / whole)
        cases += [f"{target}:{number}" for number in range(1, stop - first + 1)]
    return cases


def table(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts by target and by kind, and the cases that are faults."""
    damaged = [case for case in found if case["number"]]
    return {
        "cases": len(damaged),
        "verdicts": Counter(case["verdict"] for case in damaged),
        "targets": _counts(damaged, "target"),
        "kinds": _counts(damaged, "kind"),
        "faults": [case for case in found if is_fault(case)],
    }


def is_fault(case: dict[str, Any]) -> bool:
    """Return whether a case is a fault; without damage only `harmless` is accepted."""
    return case["verdict"] not in (("harmless", "refused", "reported") if case["number"] else ("harmless",))


def _counts(found: list[dict[str, Any]], key: str) -> dict[str, Counter[str]]:
    names = sorted({case[key] for case in found})
    return {name: Counter(case["verdict"] for case in found if case[key] == name) for name in names}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--targets", nargs="+", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file for the table, as JSON")
    parser.add_argument("--only", nargs="+", metavar="TARGET:NUMBER", default=[])
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary files are removed
    if options.work:
        work(options.work, options.seed, options.targets)
        return 0
    targets = sorted({case.split(":")[0] for case in options.only}) or options.targets
    cases = options.only or distribute_cases(options.count, targets)
    found = []
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        workers = [Worker(Path(folder, str(n)), options.seed, targets) for n in range(options.workers)]
        try:
            for case in run(cases, workers):
                found.append(case)
                if is_fault(case) or options.only:
                    print(json.dumps(case), file=sys.stderr, flush=True)
        finally:
            for worker in workers:
                worker.end()
            if options.out:  # also if the script is stopped
                options.out.write_text(json.dumps(table(found), indent=1) + "\n", encoding="utf-8")
    counts = table(found)
    print(json.dumps({name: counts[name] for name in ("cases", "verdicts", "targets")}))
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
