"""The commands that use a damaged folder, and what comes of them, in a form that can be compared.

Each target has a list of probes: words of a command and a function that reads its outcome. Charts are not
compared, nor is what a command says of its speed.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenes import arena_words, demo_words, prepare_words, train_words

Outcome = Callable[[Path, str], Any]
"""From the scene's folder and the text on standard output to what came of a command."""
DRAW = ["--seconds", "0.02", "--seed", "7", "--threads", "1"]
SCORE = ["--json", "--clips", "4", "--seconds", "0.1", "--prompt-seconds", "0.05", "--bits-seconds", "0.5"]


@dataclass(frozen=True)
class Probe:
    """A command that uses what is damaged."""

    name: str
    words: Callable[[Path], list[str]]
    outcome: Outcome


def files_digest(*paths: Path) -> str:
    """Return what tells some files' content from any other."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


def newest_weights(run: Path) -> str:
    """Return what tells all tensors of a run's newest checkpoint from any other."""
    newest = max((run / "checkpoints").glob("step-*"))
    return f"{newest.name} {files_digest(*newest.glob('*.safetensors'))}"


def corpus_content(corpus: Path) -> Any:
    """Return all that a corpus says and holds, but for when its recordings were last touched."""
    stores = {path.name: files_digest(path) for path in corpus.iterdir() if path.name != "index.json"}
    index = json.loads((corpus / "index.json").read_text())
    for file in index["files"]:
        del file["mtime_ns"]
    return [index, stores]


def arena_scores(arena: Path) -> Any:
    """Return an arena's scores without the time that anything took."""
    return _without_time(json.loads((arena / "scores.json").read_text()))


def _without_time(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_without_time(entry) for entry in tree]
    if not isinstance(tree, dict):
        return tree
    timed = ("second", "minute", "pace")
    return {key: _without_time(tree[key]) for key in tree if not any(word in key for word in timed)}


def difference(one: Any, other: Any, place: str = "") -> str:
    """Return the first place where two outcomes differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return difference(one.get(key), other.get(key), f"{place}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            if mine != theirs:
                return difference(mine, theirs, f"{place}[{number}]")
    return f"{place}: {str(one)[:100]} became {str(other)[:100]}"


def page_sounds(page: Path) -> list[str]:
    """Return what tells the sounds on a page from any others."""
    found = re.findall(r'src="data:audio/[a-z]+;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    return [hashlib.sha256(sound.encode()).hexdigest()[:16] for sound in found]


def _scores(home: Path, said: str) -> Any:
    return json.loads(said)


def _clip(home: Path, said: str) -> str:
    return files_digest(home / "clip.wav")


def _generate(name: str, run: str, *more: str) -> Probe:
    def words(home: Path) -> list[str]:
        return ["generate", str(home / run), *DRAW, *more, "--out", str(home / "clip.wav")]

    return Probe(name, words, _clip)


def _evaluate(run: str) -> Probe:
    return Probe(
        "evaluate", lambda home: ["evaluate", str(home / run), str(home / "corpus"), *SCORE], _scores
    )


def _resume(run: str) -> Probe:
    def outcome(home: Path, said: str) -> str:
        return newest_weights(home / run)

    return Probe("resume", lambda home: ["train", "--resume", str(home / run)], outcome)


def _train(name: str, *, start_from: str | None = None) -> Probe:
    def words(home: Path) -> list[str]:
        start = ["--from", str(home / start_from)] if start_from else []
        return train_words(home, "new", "--steps", "2", "--no-tensorboard", *start)

    return Probe(name, words, lambda home, said: newest_weights(home / "new"))


_PREPARE = Probe("prepare", prepare_words, lambda home, said: corpus_content(home / "corpus"))
_ARENA = Probe("arena", arena_words, lambda home, said: arena_scores(home / "arena"))
_DEMO = Probe("demo", demo_words, lambda home, said: page_sounds(home / "demo" / "report.html"))


@dataclass(frozen=True)
class Target:
    """A folder to damage, and what uses it: probes that read come before those that write."""

    damaged: str
    needed: tuple[str, ...]
    """Other folders of the scene that the probes need."""
    probes: tuple[Probe, ...]


TARGETS = {
    "corpus": Target(
        "corpus",
        ("recordings", "run", "interrupted"),
        (_evaluate("run"), _train("train"), _resume("interrupted"), _PREPARE),
    ),
    "run": Target(
        "run",
        ("corpus",),
        (
            _generate("generate", "run"),
            _generate("steer", "run", "--steer", "--particles", "2", "--steer-block", "64"),
            _evaluate("run"),
            _train("train --from", start_from="run"),
            _resume("run"),
        ),
    ),
    "interrupted": Target(
        "interrupted", ("corpus",), (_generate("generate", "interrupted"), _resume("interrupted"))
    ),
    "arena": Target("arena", ("corpus",), (_ARENA,)),
    "demo": Target("demo", ("recordings",), (_DEMO,)),
}
