"""Kill commands at random moments, start them again, and count what was lost or left behind.

    python kills.py [--count 100] [--commands prepare train ...] [--out FILE] [--only "COMMAND:NUMBER" ...]

Each case starts a command as a separate process, kills it with SIGKILL, checks the folder, and starts the
same command again. The accepted verdict is `ok`: no existing file was lost, the command continues or says in
one line what to do, the final result is that of an undisturbed command, and no temporary files are left. Any
other verdict is a fault; the exit status is then 1.

Half of the moments are uniform over the duration of the command. The other half follow a change in its
folder (a file appears, grows or disappears) by at most 20 ms. The seed, the command and the number determine
the moment, but the speed of the machine varies, so a repeated case can end differently.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from commands import files_digest
from folder_contents import is_hidden, names_below, sizes_below
from killed_commands import KILLED_COMMANDS, arrange, make_pristine

VERDICTS = ("ok", "different", "leftovers", "orphans", "failed", "hang", "lost")
"""From the best to the worst:

- ok: no fault;
- different: the final result is not that of an undisturbed command;
- leftovers: temporary files are left;
- orphans: processes that the command started are still running;
- failed: the command does not continue;
- hang: the command does not end;
- lost: an existing file is changed or missing.
"""
LIMIT = 180.0
"""Time limit for a command in seconds."""
ORPHAN_LIMIT = 10.0
"""Seconds after which no process that a killed command started may still run."""
POLL = 0.002
"""Seconds between two looks at the folder."""
TRIES = 3
"""Moments to try for a case, because a command can end before its moment."""


@dataclass(frozen=True)
class Reference:
    """What an undisturbed command does."""

    seconds: float
    changes: int
    """Number of times that a file in its folder appeared, grew or disappeared."""
    content: Any
    names: set[str]


@dataclass(frozen=True)
class Moment:
    """When to kill: a time after the start, or a time after a number of changes."""

    seconds: float
    changes: int = 0

    @classmethod
    def draw(cls, random: Random, reference: Reference) -> "Moment":
        """Return a random moment while the command runs."""
        if random.random() < 0.5 or not reference.changes:
            return cls(random.uniform(0.0, 0.95 * reference.seconds))
        return cls(random.choice([0.0, random.uniform(0.0, 0.02)]), random.randint(1, reference.changes))


class CommandKiller:
    """Kill one command at random moments.

    Args:
        name: the name of the command.
        folder: the working folder; the command runs in `home`, and `pristine` has what it needs.
        seed: the seed of the moments.
    """

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        self.name, self.command, self.seed = name, KILLED_COMMANDS[name], seed
        self.folder, self.pristine, self.streams = folder / "home", folder / "pristine", folder / "streams"
        self.reference: Reference | None = None

    def undisturbed(self) -> Reference:
        """Run the command undisturbed to its end."""
        arrange(self.command, self.pristine, self.folder)
        start = time.monotonic()
        process = self._start(self.command.arguments(self.folder))
        changes = self._watch(process, Moment(LIMIT, 10**9))
        status, answer = self._end(process)
        if status != 0:
            raise RuntimeError(f"{self.name} fails when it is undisturbed: {answer}")
        seconds = time.monotonic() - start
        content = self.command.content(self.folder / self.command.product)
        return Reference(seconds, changes, content, names_below(self.folder))

    def kill(self, number: int) -> dict[str, Any]:
        """Kill the command once, start it again, and return the verdict."""
        self.reference = self.reference or self.undisturbed()
        random, product = Random(f"{self.seed} {self.name} {number}"), self.folder / self.command.product
        for _ in range(TRIES):
            moment = Moment.draw(random, self.reference)
            arrange(self.command, self.pristine, self.folder)
            previous = self.command.content(product) if product.exists() else None
            others = self._other_files()
            process = self._start(self.command.arguments(self.folder))
            self._watch(process, moment)
            process.kill()
            died, _ = self._end(process)
            if died == -signal.SIGKILL:
                break
        verdicts = [] if previous is None else self._check_product(previous)
        left = sorted(name for name in names_below(self.folder) if is_hidden(name))
        verdicts += self._restart()
        verdicts += self._check_folder(others)
        if not self._group_ends(process.pid):
            verdicts.append(("orphans", "processes of the killed command are still running"))
        worst = max(verdicts, key=lambda verdict: VERDICTS.index(verdict[0]), default=("ok", ""))
        return {
            "command": self.name,
            "number": number,
            "verdict": worst[0],
            "why": [f"{verdict}: {why}" for verdict, why in verdicts],
            "moment": vars(moment),
            "killed": died == -signal.SIGKILL,
            "left": left,
        }

    def _check_product(self, previous: Any) -> list[tuple[str, str]]:
        """Check the product after the kill: it is unchanged, or as the command makes it."""
        assert self.reference
        try:
            now = self.command.content(self.folder / self.command.product)
        except Exception as error:
            return [("lost", f"can't be read after the kill: {error!r}")]
        if self.command.whole and now not in (previous, self.reference.content):
            return [("lost", "is neither the old nor the new product")]
        return []

    def _restart(self) -> list[tuple[str, str]]:
        """Start the command again, or resume it if its message says so."""
        status, answer = self._run(self.command.arguments(self.folder))
        if status == 2 and self.command.resume_arguments and "--resume" in answer:
            status, answer = self._run(self.command.resume_arguments(self.folder))
        if status == 2 and "is finished" in answer:
            return []
        if status == 0 and "unexpected" not in answer and "Traceback" not in answer:
            return []
        return [("hang" if status is None else "failed", f"status {status}: {answer[-300:]}")]

    def _check_folder(self, others: dict[str, str]) -> list[tuple[str, str]]:
        """Check the folder after the second start."""
        assert self.reference
        verdicts = []
        if (now := self._other_files()) != others:
            changed = [name for name in others if now.get(name) != others[name]]
            if changed:
                verdicts.append(("lost", f"changed or missing: {', '.join(changed[:3])}"))
        names = names_below(self.folder)
        if stray := sorted(names - self.reference.names):
            verdicts.append(("leftovers", ", ".join(stray[:5])))
        if missing := sorted(self.reference.names - names):
            verdicts.append(("different", f"lacks {', '.join(missing[:5])}"))
        try:
            content = self.command.content(self.folder / self.command.product)
        except Exception as error:
            return [*verdicts, ("different", f"can't be read: {error!r}")]
        if content != self.reference.content:
            verdicts.append(("different", f"{str(self.reference.content)[:80]} became {str(content)[:80]}"))
        return verdicts

    def _other_files(self) -> dict[str, str]:
        """Return the digests of all files that the command must not change."""
        product = self.folder / self.command.product
        files = (path for path in self.folder.rglob("*") if path.is_file() and product not in path.parents)
        named = {str(path.relative_to(self.folder)): path for path in files if path != product}
        return {name: files_digest(path) for name, path in named.items() if not is_hidden(name)}

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with self.streams.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-c", self.command.code, *words],
                cwd=Path(__file__).parent,  # so that it can import the modules here
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def _watch(self, process: subprocess.Popen[bytes], moment: Moment) -> int:
        """Wait for a moment or the end of the command; return the number of changes."""
        start, seen, changes = time.monotonic(), sizes_below(self.folder), 0
        while process.poll() is None and time.monotonic() - start < LIMIT:
            if not moment.changes and time.monotonic() - start >= moment.seconds:
                break
            now = sizes_below(self.folder)
            changes, seen = changes + len({name for name, _ in now ^ seen}), now
            if moment.changes and changes >= moment.changes:
                time.sleep(moment.seconds)
                break
            time.sleep(POLL)
        return changes

    def _end(self, process: subprocess.Popen[bytes]) -> tuple[int | None, str]:
        """Wait for the end of a command; return its status, None after the time limit, and its output."""
        try:
            status: int | None = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
        return status, self.streams.read_text(errors="replace").strip()

    def _run(self, words: list[str]) -> tuple[int | None, str]:
        return self._end(self._start(words))

    def _group_ends(self, group: int) -> bool:
        """Return whether all processes of a killed command end by themselves; kill the others."""
        start = time.monotonic()
        while time.monotonic() - start < ORPHAN_LIMIT:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
        return False


def table(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts by command, and the cases that are faults."""
    names = sorted({case["command"] for case in found})
    return {
        "kills": sum(case["killed"] for case in found),
        "verdicts": Counter(case["verdict"] for case in found),
        "commands": {name: Counter(c["verdict"] for c in found if c["command"] == name) for name in names},
        "faults": [case for case in found if case["verdict"] != "ok"],
    }


def distribute_cases(count: int, names: list[str]) -> dict[str, list[int]]:
    """Return the case numbers of each command."""
    whole, given, cases = sum(KILLED_COMMANDS[name].share for name in names), 0.0, {}
    for name in names:
        least, given = round(count * given / whole), given + KILLED_COMMANDS[name].share
        cases[name] = list(range(round(count * given / whole) - least))
    return cases


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--commands", nargs="+", choices=list(KILLED_COMMANDS), default=list(KILLED_COMMANDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a file for the table, as JSON")
    parser.add_argument("--only", nargs="+", metavar="COMMAND:NUMBER", default=[])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary files are removed
    cases = distribute_cases(options.count, options.commands)
    if options.only:
        pairs = [case.split(":") for case in options.only]
        cases = {name: [int(number) for other, number in pairs if other == name] for name, _ in pairs}
    found = []
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = Path(place)
        make_pristine(folder / "home", list(cases))
        (folder / "home").rename(folder / "pristine")
        try:
            for name, numbers in cases.items():
                killer = CommandKiller(name, folder, options.seed)
                for number in numbers:
                    found.append(killer.kill(number))
                    if found[-1]["verdict"] != "ok" or options.only:
                        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
        finally:
            if options.out:  # also if the script is stopped
                options.out.write_text(json.dumps(table(found), indent=1) + "\n", encoding="utf-8")
    counts = table(found)
    print(json.dumps({name: counts[name] for name in ("kills", "verdicts", "commands")}))
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
