"""Run one case of damage: copy the scene, damage it, run the commands that use it, classify the results.

The commands run in this process, because importing PyTorch takes seconds. If a command crashes or hangs, so
does this process; the parent process must handle that.
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

from commands import TARGETS, CheckedCommand, difference, files_digest
from corruption import damage
from scene import shortened

from partita.cli.main import main

VERDICTS = ("harmless", "refused", "reported", "unnamed", "lost", "silent", "unexpected", "crash", "hang")
"""From the best to the worst:

- harmless: the outcome is that without damage;
- refused: status 2, and the message names the file;
- reported: the outcome differs, and a message names the file;
- unnamed: status 2, but the message does not name the file;
- lost: after status 2 a file that existed before has changed or is missing;
- silent: the outcome differs without a message;
- unexpected: an unexpected error;
- crash, hang: the process died or did not end.
"""


@dataclass(frozen=True)
class Result:
    """The result of a command: its exit status (None after an exception), its output and its outcome."""

    status: int | None
    stdout: str
    stderr: str
    outcome: Any

    @property
    def lines(self) -> list[str]:
        """Return the lines on standard error without progress bars, with all numbers replaced by 0."""
        rows = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.stderr))
        return [_without_numbers(row) for row in rows if row.strip() and "━" not in row]


class DamageCases:
    """Cases of damage on copies of one scene.

    Args:
        work: the folder with `pristine`, the scene; the cases run in `case`, where the scene was made.
        seed: the seed of the damage.
    """

    def __init__(self, work: Path, *, seed: int) -> None:
        self.pristine, self.case, self.seed = work / "pristine", work / "case", seed
        self._undamaged: dict[str, dict[str, Result]] = {}

    def run_case(self, target: str, number: int) -> dict[str, Any]:
        """Run a case and return its verdict with the details; case number 0 is without damage."""
        if target not in self._undamaged:
            self._copy(target)
            self._undamaged[target] = {
                command.name: self._run(command) for command in TARGETS[target].commands
            }
        self._copy(target)
        folder = self.case / TARGETS[target].damaged
        kind, files = ("none", list[Path]())
        if number:
            kind, files = damage(folder, Random(f"{self.seed} {target} {number}"))
        results = {
            command.name: self._classify(target, command, files) for command in TARGETS[target].commands
        }
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

    def _run(self, command: CheckedCommand) -> Result:
        arguments = command.arguments(self.case)
        with shortened(), captured_streams() as texts:
            try:
                status: int | None = main(arguments)
            except SystemExit as leaving:
                status = leaving.code if isinstance(leaving.code, int) else 1
            except BaseException:
                status = None
                traceback.print_exc()
        stdout, stderr = texts
        return Result(status, stdout, stderr, command.outcome(self.case, stdout) if status == 0 else None)

    def _classify(self, target: str, command: CheckedCommand, files: list[Path]) -> tuple[str, str]:
        """Run a command on the damaged scene; return the verdict and the last message."""
        undamaged = self._undamaged[target][command.name]
        before = snapshot(self.case / TARGETS[target].damaged)
        try:
            result = self._run(command)
        except Exception as error:  # the command succeeded, but its output can't be read
            return "silent", f"its outcome can't be read: {error!r}"
        last = (result.stderr.strip().splitlines() or [""])[-1]
        if result.status not in (0, 2) or "unexpected" in result.stderr or "Traceback" in result.stderr:
            return "unexpected", last
        same = (result.status, result.outcome) == (undamaged.status, undamaged.outcome)
        if same and (result.status == 0 or result.lines == undamaged.lines):
            return "harmless", last
        if result.status == 2:
            after = snapshot(self.case / TARGETS[target].damaged)
            gone = [name for name, content in before.items() if after.get(name) != content]
            if gone:
                return "lost", f"{', '.join(gone[:3])}: {last}"
            return ("refused" if self._names(last, files) else "unnamed"), last
        new = [row for row in result.lines if row not in undamaged.lines]
        verdict = "reported" if any(self._names(row, files) for row in new) else "silent"
        return verdict, " | ".join([f"outcome{difference(undamaged.outcome, result.outcome)}", *new])

    def _names(self, line: str, files: list[Path]) -> bool:
        """Return whether a line contains the name of a file or of a folder that contains it."""
        places = {place for file in files for place in (file, *file.parents) if self.case in place.parents}
        return any(_without_numbers(str(place)) in _without_numbers(line) for place in places)


def snapshot(folder: Path) -> dict[str, str]:
    """Return the digests of all files below a folder, except results at the top, which are rewritten."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path for path in files}
    top = {name for name in found if "/" not in name and name.endswith((".json", ".html", ".png"))}
    return {name: files_digest(path) for name, path in found.items() if name not in top or "index" in name}


@contextmanager
def captured_streams() -> Iterator[list[str]]:
    """Capture standard output and standard error of this process, also of C libraries.

    The list holds the two texts after the block.
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


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)
