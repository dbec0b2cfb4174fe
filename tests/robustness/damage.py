"""Damage corpora, runs, arenas and demos at random, and count what the commands make of it.

    python damage.py [--count 500] [--targets corpus run ...] [--out FILE] [--only TARGET:NUMBER ...]

Each case damages one file of a fresh copy and runs the commands that use it. Right are `refused` (status 2
and a line that names the file or its folder), `harmless` (the outcome is bit by bit that without damage) and
`told` (a line names the file, and the outcome is another). Anything else is a fault; the status is then 1.
Every case follows from the seed, its target and its number: `--only run:17` repeats one and prints it.

A process of its own does the work, and is started again when it dies or hangs.
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
"""What can be damaged, and its share of the cases."""
MEMORY = 16 * 2**30
"""Bytes that a worker may ask for: a size that is believed must not take the machine down."""
LIMIT = 120.0
"""Seconds that the commands of one case may take, and more for the first, which makes everything."""
FIRST_LIMIT = 600.0


def work(folder: Path, seed: int, targets: list[str]) -> None:
    """Do the cases that are named on standard input, and answer each with a line on standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import torch
    from attempts import Attempts
    from scenes import make_scene

    torch.set_num_threads(1)  # so that all repeats
    attempts = Attempts(folder, seed=seed)
    if not attempts.pristine.exists():
        make_scene(attempts.case, set(targets) | {"run", "interrupted"})
        attempts.case.rename(attempts.pristine)
    for line in sys.stdin:
        target, number = line.split(":")
        print(json.dumps(attempts.attempt(target, int(number))), file=answers, flush=True)


class Worker:
    """A process that does cases, one at a time.

    Args:
        folder: where it works.
        seed: decides the damage.
        targets: what will be damaged.
    """

    def __init__(self, folder: Path, seed: int, targets: list[str]) -> None:
        self._command = [sys.executable, __file__, "--work", str(folder), "--seed", str(seed)]
        self._command += ["--targets", *targets]
        self._process: subprocess.Popen[str] | None = None
        self._heard: set[str] = set()

    def begin(self, case: str) -> None:
        """Hand over a case, TARGET:NUMBER."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._heard.clear()
        assert self._process.stdin
        print(case, file=self._process.stdin, flush=True)

    def answer(self, case: str) -> dict[str, Any]:
        """Wait for what came of the case."""
        target, number = case.split(":")
        assert self._process and self._process.stdout
        limit = LIMIT if target in self._heard else FIRST_LIMIT
        ready, _, _ = select.select([self._process.stdout], [], [], limit)
        line = self._process.stdout.readline() if ready else ""
        self._heard.add(target)
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        verdict = "crash" if ready else "hang"
        self.end()
        told = {"kind": "?", "files": [], "command": "?", "answer": f"`--only {case}` repeats it"}
        return {"target": target, "number": int(number), "verdict": verdict, **told}

    def end(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def run(cases: list[str], workers: list[Worker]) -> Iterator[dict[str, Any]]:
    """Yield what came of each case; as many at once as there are workers."""
    for start in range(0, len(cases), len(workers)):
        together = list(zip(workers, cases[start:], strict=False))
        for worker, case in together:
            worker.begin(case)
        for worker, case in together:
            yield worker.answer(case)


def shared_out(count: int, targets: list[str]) -> list[str]:
    """Return the cases, TARGET:NUMBER: the undamaged one of each target (number 0), then `count` damaged."""
    whole = sum(TARGETS[target] for target in targets)
    cases = [f"{target}:0" for target in targets]
    for place, target in enumerate(targets):
        least = round(count * sum(TARGETS[name] for name in targets[:place]) / whole)
        most = round(count * sum(TARGETS[name] for name in targets[: place + 1]) / whole)
        cases += [f"{target}:{number}" for number in range(1, most - least + 1)]
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
    """Whether a case shows a fault; where nothing is damaged only the usual outcome is right."""
    return case["verdict"] not in (("harmless", "refused", "told") if case["number"] else ("harmless",))


def _counts(found: list[dict[str, Any]], key: str) -> dict[str, Counter[str]]:
    names = sorted({case[key] for case in found})
    return {name: Counter(case["verdict"] for case in found if case[key] == name) for name in names}


def main() -> int:
    """Do what the words ask for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--count", type=int, default=500)
    words.add_argument("--targets", nargs="+", choices=list(TARGETS), default=list(TARGETS))
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--out", type=Path, help="a file for the table, as JSON")
    words.add_argument("--only", nargs="+", metavar="TARGET:NUMBER", default=[])
    words.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that it clears up when it is stopped
    if asked.work:
        work(asked.work, asked.seed, asked.targets)
        return 0
    targets = sorted({case.split(":")[0] for case in asked.only}) or asked.targets
    cases = asked.only or shared_out(asked.count, targets)
    found = []
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        workers = [Worker(Path(folder, str(n)), asked.seed, targets) for n in range(asked.workers)]
        try:
            for case in run(cases, workers):
                found.append(case)
                if is_fault(case) or asked.only:
                    print(json.dumps(case), file=sys.stderr, flush=True)
        finally:
            for worker in workers:
                worker.end()
            if asked.out:  # what there is, even if it was stopped
                asked.out.write_text(json.dumps(table(found), indent=1) + "\n", encoding="utf-8")
    counts = table(found)
    print(json.dumps({name: counts[name] for name in ("cases", "verdicts", "targets")}))
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
