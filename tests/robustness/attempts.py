"""A case of damage: copy the scene, damage it, run the commands that use it, judge what they do.

The commands run in this process, since PyTorch takes seconds to load; a command that crashes or hangs takes
the process with it, which its parent must see to.
"""

import os
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from damaging import damage
from probes import TARGETS, Probe, difference, files_digest
from scenes import quick

from partita.cli.main import main

VERDICTS = ("harmless", "refused", "told", "unnamed", "lost", "silent", "unexpected", "crash", "hang")
"""From the best to the worst: the outcome is the same; one line names the file, status 2; the outcome is
another and a line names the file; status 2 without the file's name; something that was there is gone after a
refusal; another outcome without a word; a fault of the program; the process died; no end."""
FINE = ("harmless", "refused", "told")


@dataclass(frozen=True)
class Seen:
    """What a command did: its status (None: an exception came out), its streams, and what came of it."""

    status: int | None
    said: str
    warned: str
    outcome: Any

    @property
    def lines(self) -> list[str]:
        """Lines on standard error without progress bars, and with all numbers made alike."""
        rows = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.warned))
        return [_alike(row) for row in rows if row.strip() and "━" not in row]


class Attempts:
    """Cases on one copy of the scene.

    Args:
        work: holds `pristine`, the scene; cases are made in `case`, where the scene was made.
        seed: decides the damage of each case.
    """

    def __init__(self, work: Path, *, seed: int) -> None:
        self.pristine, self.case, self.seed = work / "pristine", work / "case", seed
        self._undamaged: dict[str, dict[str, Seen]] = {}

    def attempt(self, target: str, number: int) -> dict[str, Any]:
        """Make a case and return its verdict with all that is needed to understand it; number 0 damages
        nothing.
        """
        if target not in self._undamaged:
            self._copy(target)
            self._undamaged[target] = {probe.name: self._run(probe) for probe in TARGETS[target].probes}
        self._copy(target)
        folder = self.case / TARGETS[target].damaged
        kind, files = ("none", list[Path]())
        if number:
            kind, files = damage(folder, Random(f"{self.seed} {target} {number}"))
        results = {probe.name: self._judge(target, probe, files) for probe in TARGETS[target].probes}
        worst = max(results, key=lambda name: VERDICTS.index(results[name][0]))
        return {
            "target": target,
            "number": number,
            "kind": kind,
            "files": [str(path.relative_to(self.case)) for path in files],
            "verdict": results[worst][0],
            "command": worst,
            "answer": results[worst][1],
            "all": {name: verdict for name, (verdict, _) in results.items()},
        }

    def _copy(self, target: str) -> None:
        shutil.rmtree(self.case, ignore_errors=True)
        for name in (TARGETS[target].damaged, *TARGETS[target].needed):
            shutil.copytree(self.pristine / name, self.case / name)

    def _run(self, probe: Probe) -> Seen:
        words = probe.words(self.case)
        with quick(), streams() as texts:
            try:
                status: int | None = main(words)
            except SystemExit as leaving:
                status = leaving.code if isinstance(leaving.code, int) else 1
            except BaseException:
                status = None
                traceback.print_exc()
        said, warned = texts
        return Seen(status, said, warned, probe.outcome(self.case, said) if status == 0 else None)

    def _judge(self, target: str, probe: Probe, files: list[Path]) -> tuple[str, str]:
        """Run a command on the damaged scene; return the verdict and what the command said last."""
        usual = self._undamaged[target][probe.name]
        before = snapshot(self.case / TARGETS[target].damaged)
        try:
            seen = self._run(probe)
        except Exception as error:  # what it left can't be read: it said that all is well
            return "silent", f"its outcome can't be read: {error!r}"
        last = (seen.warned.strip().splitlines() or [""])[-1]
        if seen.status not in (0, 2) or "unexpected" in seen.warned or "Traceback" in seen.warned:
            return "unexpected", last
        same = (seen.status, seen.outcome) == (usual.status, usual.outcome)
        if same and (seen.status == 0 or seen.lines == usual.lines):
            return "harmless", last
        if seen.status == 2:
            after = snapshot(self.case / TARGETS[target].damaged)
            gone = [name for name, content in before.items() if after.get(name) != content]
            if gone:
                return "lost", f"{', '.join(gone[:3])}: {last}"
            return ("refused" if self._names(last, files) else "unnamed"), last
        new = [row for row in seen.lines if row not in usual.lines]
        verdict = "told" if any(self._names(row, files) for row in new) else "silent"
        return verdict, " | ".join([f"outcome{difference(usual.outcome, seen.outcome)}", *new])

    def _names(self, line: str, files: list[Path]) -> bool:
        """Whether a line has the name of a file, or of a folder that it lies in."""
        places = {place for file in files for place in (file, *file.parents) if self.case in place.parents}
        return any(_alike(str(place)) in _alike(line) for place in places)


def snapshot(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder, but of those at the top, which are made anew."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path for path in files}
    top = {name for name in found if "/" not in name and name.endswith((".json", ".html", ".png"))}
    return {name: files_digest(path) for name, path in found.items() if name not in top or "index" in name}


@contextmanager
def streams() -> Iterator[list[str]]:
    """Catch all that goes to this process's standard output and error, whoever writes it.

    The list has both texts when the block has ended.
    """
    texts: list[str] = []
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        kept = [os.dup(1), os.dup(2)]
        try:
            for number, file in enumerate(files, start=1):
                os.dup2(file.fileno(), number)
            yield texts
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)
            for file in files:
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))


def _alike(text: str) -> str:
    return re.sub(r"\d+", "0", text)
