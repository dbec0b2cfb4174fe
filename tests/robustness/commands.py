"""The commands that use a damaged folder, and their outcomes in a form that can be compared.

Each target has a list of commands. A command has its arguments and a function that reads its outcome. Charts
and messages about speed are not part of an outcome.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scene import arena_arguments, demo_arguments, prepare_arguments, train_arguments

Outcome = Callable[[Path, str], Any]
"""A function of the scene's folder and the text on standard output that returns the outcome."""
DRAW = ["--seconds", "0.02", "--seed", "7", "--threads", "1"]
SCORE = ["--json", "--clips", "4", "--seconds", "0.1", "--prompt-seconds", "0.05", "--bits-seconds", "0.5"]


@dataclass(frozen=True)
class CheckedCommand:
    """A command that uses a damaged folder."""

    name: str
    arguments: Callable[[Path], list[str]]
    outcome: Outcome


def files_digest(*paths: Path) -> str:
    """Return a digest of the content of files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()[:16]


def newest_weights(run: Path) -> str:
    """Return the name of the newest checkpoint of a run and a digest of its tensors."""
    newest = max((run / "checkpoints").glob("step-*"))
    return f"{newest.name} {files_digest(*newest.glob('*.safetensors'))}"


def corpus_content(corpus: Path) -> Any:
    """Return the index of a corpus, without modification times, and the digests of its stores."""
    stores = {path.name: files_digest(path) for path in corpus.iterdir() if path.name != "index.json"}
    index = json.loads((corpus / "index.json").read_text())
    for file in index["files"]:
        del file["mtime_ns"]
    return [index, stores]


def arena_scores(arena: Path) -> Any:
    """Return the scores of an arena without durations."""
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
    """Return digests of the sounds on a page."""
    found = re.findall(r'src="data:audio/[a-z]+;base64,([^"]+)"', page.read_text(encoding="utf-8"))
    return [hashlib.sha256(sound.encode()).hexdigest()[:16] for sound in found]


def _scores(scene: Path, stdout: str) -> Any:
    return json.loads(stdout)


def _clip(scene: Path, stdout: str) -> str:
    return files_digest(scene / "clip.wav")


def _generate(name: str, run: str, *more: str) -> CheckedCommand:
    def arguments(scene: Path) -> list[str]:
        return ["generate", str(scene / run), *DRAW, *more, "--out", str(scene / "clip.wav")]

    return CheckedCommand(name, arguments, _clip)


def _evaluate(run: str) -> CheckedCommand:
    return CheckedCommand(
        "evaluate", lambda scene: ["evaluate", str(scene / run), str(scene / "corpus"), *SCORE], _scores
    )


def _resume(run: str) -> CheckedCommand:
    def outcome(scene: Path, stdout: str) -> str:
        return newest_weights(scene / run)

    return CheckedCommand("resume", lambda scene: ["train", "--resume", str(scene / run)], outcome)


def _train(name: str, *, start_from: str | None = None) -> CheckedCommand:
    def arguments(scene: Path) -> list[str]:
        start = ["--from", str(scene / start_from)] if start_from else []
        return train_arguments(scene, "new", "--steps", "2", "--no-tensorboard", *start)

    return CheckedCommand(name, arguments, lambda scene, stdout: newest_weights(scene / "new"))


_PREPARE = CheckedCommand(
    "prepare", prepare_arguments, lambda scene, stdout: corpus_content(scene / "corpus")
)
_ARENA = CheckedCommand("arena", arena_arguments, lambda scene, stdout: arena_scores(scene / "arena"))
_DEMO = CheckedCommand(
    "demo", demo_arguments, lambda scene, stdout: page_sounds(scene / "demo" / "report.html")
)


@dataclass(frozen=True)
class Target:
    """A folder to damage, and the commands that use it; commands that only read it come first."""

    damaged: str
    needed: tuple[str, ...]
    """Other folders of the scene that the commands need."""
    commands: tuple[CheckedCommand, ...]


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
