"""Kill commands at random moments, start them again, and count what was lost or left lying about.

    python kills.py [--count 100] [--victims prepare train ...] [--out FILE] [--only "VICTIM:NUMBER" ...]

Each case starts a command as a process of its own, ends it by SIGKILL, looks at what is there, and starts the
same command again. Right is `ok`: nothing that was there before was lost, the command goes on or says in one
line what to do, what it makes in the end is what it makes undisturbed, and no leftovers lie in its folder or
beside it. Anything else is a fault; the status is then 1.

Half of the moments are spread over the command's whole life, half follow a change in its folder, a file that
appears, grows or goes, by at most 20 ms. The moment follows from the seed, the victim and the number, but the
machine's pace does not: a case that is repeated may end otherwise.
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

from looking import is_hidden, names_below, sizes_below
from probes import files_digest
from victims import VICTIMS, arrange, make_pristine

VERDICTS = ("ok", "different", "leftovers", "orphans", "failed", "hang", "lost")
"""From the best to the worst: all is well; what is made in the end is not what is made undisturbed; files lie
about; processes live on; the command does not go on; it never ends; something that was there is gone."""
LIMIT = 180.0
"""Seconds that a command may take."""
LAST_BREATH = 10.0
"""Seconds after which nothing that a killed command began may still run."""
POLL = 0.002
TRIES = 3
"""Moments that are tried for a case: some come when the command has ended already."""


@dataclass(frozen=True)
class Usual:
    """What a command does when nobody kills it."""

    seconds: float
    changes: int
    """Times that a file below its folder appeared, grew or went."""
    content: Any
    names: set[str]


@dataclass(frozen=True)
class Moment:
    """When to kill: so long after the start, or after so many changes and then so long."""

    seconds: float
    changes: int = 0

    @classmethod
    def draw(cls, random: Random, usual: Usual) -> "Moment":
        """Return a random moment of a command's life."""
        if random.random() < 0.5 or not usual.changes:
            return cls(random.uniform(0.0, 0.95 * usual.seconds))
        return cls(random.choice([0.0, random.uniform(0.0, 0.02)]), random.randint(1, usual.changes))


class Killer:
    """Kills of one command.

    Args:
        name: of the victim.
        folder: where to work: the victim works in `home`, all that it needs is in `pristine`.
        seed: decides the moments.
    """

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        self.name, self.victim, self.seed = name, VICTIMS[name], seed
        self.home, self.pristine, self.streams = folder / "home", folder / "pristine", folder / "streams"
        self.usual: Usual | None = None

    def undisturbed(self) -> Usual:
        """Run the command to its end."""
        arrange(self.victim, self.pristine, self.home)
        begun = time.monotonic()
        process = self._start(self.victim.words(self.home))
        changes = self._watch(process, Moment(LIMIT, 10**9))
        status, answer = self._end(process)
        if status != 0:
            raise RuntimeError(f"{self.name} does not even run undisturbed: {answer}")
        seconds = time.monotonic() - begun
        content = self.victim.content(self.home / self.victim.product)
        return Usual(seconds, changes, content, names_below(self.home))

    def kill(self, number: int) -> dict[str, Any]:
        """Kill the command once, start it again, and return the verdict."""
        self.usual = self.usual or self.undisturbed()
        random, product = Random(f"{self.seed} {self.name} {number}"), self.home / self.victim.product
        for _ in range(TRIES):
            moment = Moment.draw(random, self.usual)
            arrange(self.victim, self.pristine, self.home)
            there = self.victim.content(product) if product.exists() else None
            others = self._others()
            process = self._start(self.victim.words(self.home))
            self._watch(process, moment)
            process.kill()
            died, _ = self._end(process)
            if died == -signal.SIGKILL:
                break
        verdicts = [] if there is None else self._between(there)
        between = sorted(name for name in names_below(self.home) if is_hidden(name))
        verdicts += self._again()
        verdicts += self._finally(others)
        if not self._group_ends(process.pid):
            verdicts.append(("orphans", "what the killed command began still ran"))
        worst = max(verdicts, key=lambda verdict: VERDICTS.index(verdict[0]), default=("ok", ""))
        return {
            "victim": self.name,
            "number": number,
            "verdict": worst[0],
            "why": [f"{verdict}: {why}" for verdict, why in verdicts],
            "moment": vars(moment),
            "killed": died == -signal.SIGKILL,
            "left": between,
        }

    def _between(self, there: Any) -> list[tuple[str, str]]:
        """Look at what was there before the kill: it is as it was, or what the command makes of it."""
        assert self.usual
        try:
            now = self.victim.content(self.home / self.victim.product)
        except Exception as error:
            return [("lost", f"can't be read after the kill: {error!r}")]
        if self.victim.whole and now not in (there, self.usual.content):
            return [("lost", "is neither what it was nor what it becomes")]
        return []

    def _again(self) -> list[tuple[str, str]]:
        """Start the command again, and then what it says to do, if it says so."""
        status, answer = self._do(self.victim.words(self.home))
        if status == 2 and self.victim.next_words and "--resume" in answer:
            status, answer = self._do(self.victim.next_words(self.home))
        if status == 2 and "is finished" in answer:
            return []
        if status == 0 and "unexpected" not in answer and "Traceback" not in answer:
            return []
        return [("hang" if status is None else "failed", f"status {status}: {answer[-300:]}")]

    def _finally(self, others: dict[str, str]) -> list[tuple[str, str]]:
        """Look at what there is in the end."""
        assert self.usual
        verdicts = []
        if (now := self._others()) != others:
            changed = [name for name in others if now.get(name) != others[name]]
            if changed:
                verdicts.append(("lost", f"changed or gone: {', '.join(changed[:3])}"))
        names = names_below(self.home)
        if stray := sorted(names - self.usual.names):
            verdicts.append(("leftovers", ", ".join(stray[:5])))
        if missing := sorted(self.usual.names - names):
            verdicts.append(("different", f"lacks {', '.join(missing[:5])}"))
        try:
            content = self.victim.content(self.home / self.victim.product)
        except Exception as error:
            return [*verdicts, ("different", f"can't be read: {error!r}")]
        if content != self.usual.content:
            verdicts.append(("different", f"{str(self.usual.content)[:80]} became {str(content)[:80]}"))
        return verdicts

    def _others(self) -> dict[str, str]:
        """Return the digests of all files that the command has no business with."""
        product = self.home / self.victim.product
        files = (path for path in self.home.rglob("*") if path.is_file() and product not in path.parents)
        named = {str(path.relative_to(self.home)): path for path in files if path != product}
        return {name: files_digest(path) for name, path in named.items() if not is_hidden(name)}

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with self.streams.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-c", self.victim.code, *words],
                cwd=Path(__file__).parent,  # so that it finds what is imported here
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def _watch(self, process: subprocess.Popen[bytes], moment: Moment) -> int:
        """Wait until a moment comes or the command ends; return the changes seen."""
        begun, seen, changes = time.monotonic(), sizes_below(self.home), 0
        while process.poll() is None and time.monotonic() - begun < LIMIT:
            if not moment.changes and time.monotonic() - begun >= moment.seconds:
                break
            now = sizes_below(self.home)
            changes, seen = changes + len({name for name, _ in now ^ seen}), now
            if moment.changes and changes >= moment.changes:
                time.sleep(moment.seconds)
                break
            time.sleep(POLL)
        return changes

    def _end(self, process: subprocess.Popen[bytes]) -> tuple[int | None, str]:
        """Wait for a command's end; return its status, None where there is no end, and what it said."""
        try:
            status: int | None = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
        return status, self.streams.read_text(errors="replace").strip()

    def _do(self, words: list[str]) -> tuple[int | None, str]:
        return self._end(self._start(words))

    def _group_ends(self, group: int) -> bool:
        """Whether all processes of a killed command end by themselves; those that don't are ended."""
        begun = time.monotonic()
        while time.monotonic() - begun < LAST_BREATH:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
        return False


def table(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts by victim, and the cases that are faults."""
    names = sorted({case["victim"] for case in found})
    return {
        "kills": sum(case["killed"] for case in found),
        "verdicts": Counter(case["verdict"] for case in found),
        "victims": {name: Counter(c["verdict"] for c in found if c["victim"] == name) for name in names},
        "faults": [case for case in found if case["verdict"] != "ok"],
    }


def shared_out(count: int, names: list[str]) -> dict[str, list[int]]:
    """Return the numbers of the cases of each victim."""
    whole, given, cases = sum(VICTIMS[name].share for name in names), 0.0, {}
    for name in names:
        least, given = round(count * given / whole), given + VICTIMS[name].share
        cases[name] = list(range(round(count * given / whole) - least))
    return cases


def main() -> int:
    """Do what the words ask for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--count", type=int, default=100)
    words.add_argument("--victims", nargs="+", choices=list(VICTIMS), default=list(VICTIMS))
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--out", type=Path, help="a file for the table, as JSON")
    words.add_argument("--only", nargs="+", metavar="VICTIM:NUMBER", default=[])
    asked = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that it clears up when it is stopped
    cases = shared_out(asked.count, asked.victims)
    if asked.only:
        pairs = [case.split(":") for case in asked.only]
        cases = {name: [int(number) for other, number in pairs if other == name] for name, _ in pairs}
    found = []
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = Path(place)
        make_pristine(folder / "home", list(cases))
        (folder / "home").rename(folder / "pristine")
        try:
            for name, numbers in cases.items():
                killer = Killer(name, folder, asked.seed)
                for number in numbers:
                    found.append(killer.kill(number))
                    if found[-1]["verdict"] != "ok" or asked.only:
                        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
        finally:
            if asked.out:  # what there is, even if it was stopped
                asked.out.write_text(json.dumps(table(found), indent=1) + "\n", encoding="utf-8")
    counts = table(found)
    print(json.dumps({name: counts[name] for name in ("kills", "verdicts", "victims")}))
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
