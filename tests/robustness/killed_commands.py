"""The commands to kill, the folders that they start from, and checks that nothing was lost.

Each command starts in a folder with recordings and the parts of the scene that it needs. It may change only
its product. After the kill the product must be what it was before, or what the command makes undisturbed.
This file does not kill anything.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile
from commands import arena_scores, files_digest
from scene import (
    STEPS,
    arena_arguments,
    demo_arguments,
    make_scene,
    prepare_arguments,
    run_command,
    train_arguments,
    write_recordings,
)

SHORTENED = """
import sys
from scene import shortened
from partita.cli.main import main
with shortened():
    sys.exit(main())
"""
PLAIN = "import sys; from partita.cli.main import main; sys.exit(main())"
DRAW = ["--seconds", "0.5", "--seed", "7", "--threads", "1", "--block", "100"]


@dataclass(frozen=True)
class KilledCommand:
    """A command to kill."""

    needs: tuple[str, ...]
    """Folders of the scene that the command needs."""
    arguments: Callable[[Path], list[str]]
    product: str
    """The file or folder that the command makes or changes; it changes nothing else."""
    content: Callable[[Path], Any]
    """A function that returns the content of the product; it raises an error if the product can't be read."""
    share: float
    """The share of this command in all kills."""
    code: str = PLAIN
    arrange: Callable[[Path], None] = lambda folder: None
    """A function that changes the folder before the command starts."""
    resume_arguments: Callable[[Path], list[str]] | None = None
    """The arguments that continue after the kill, if they differ and the product exists."""
    whole: bool = False
    """Whether an existing product is replaced atomically, so that it is always the old or the new one."""


def corpus_state(corpus: Path) -> Any:
    """Return the fingerprint and the digest of a corpus, after reading it to its end."""
    from partita.data.corpus import SPLITS, Corpus

    found = Corpus.open(corpus)
    ends = [segment.offset + segment.length for split in SPLITS for segment in found.segments(split)]
    assert max(ends) <= len(found.samples)
    return [found.fingerprint, files_digest(found.store)]


def run_state(run: Path) -> Any:
    """Return the newest checkpoint of a run and a digest of its tensors, after loading it."""
    from partita.runs.checkpoint import load_checkpoint
    from partita.runs.folder import RunFolder
    from partita.runs.loading import load

    load(run)
    newest = RunFolder.open(run).newest_checkpoint()
    load_checkpoint(newest)
    return [newest.name, files_digest(*newest.glob("*.safetensors"))]


def clip_state(path: Path) -> Any:
    """Return the names and samples of clips."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [[file.name, soundfile.read(file)[0].tolist()] for file in files]


def arena_state(arena: Path) -> Any:
    """Return the scores of an arena; None if it has no scores yet."""
    scores = arena / "scores.json"
    return arena_scores(arena)["arms"] if scores.exists() else None


def demo_state(demo: Path) -> Any:
    """Return the finished runs of a demo, and whether it has a page, after loading all its runs."""
    from partita.runs.folder import RunFolder

    runs = sorted((demo / "runs").iterdir()) if (demo / "runs").exists() else []
    visible = [run for run in runs if not run.name.startswith(".")]
    for run in visible:
        run_state(run)
    done = [run.name for run in visible if RunFolder.open(run).finished]
    json.loads((demo / "demo.json").read_text())
    return [done, (demo / "report.html").exists()]


def _one_more_recording(folder: Path) -> None:
    write_recordings(folder / "recordings", numbers=range(5, 6), seconds=3.0)


def _draw(out: str, *more: str) -> Callable[[Path], list[str]]:
    return lambda folder: ["generate", str(folder / "run"), *DRAW, *more, "--out", str(folder / out)]


def _old_clip(folder: Path) -> None:
    (folder / "old" / "clip.wav").rename(folder / "clip.wav")


def _resume(run: str) -> Callable[[Path], list[str]]:
    return lambda folder: ["train", "--resume", str(folder / run)]


def _many_recordings(folder: Path) -> None:
    write_recordings(folder / "recordings", numbers=range(5, 25))


def _train(folder: Path) -> list[str]:
    return train_arguments(folder, "new", "--arm", "report", "--steps", str(STEPS))


def _arena(*more: str) -> Callable[[Path], list[str]]:
    return lambda folder: arena_arguments(folder, *more)


KILLED_COMMANDS = {
    "prepare": KilledCommand((), prepare_arguments, "corpus", corpus_state, 0.15, arrange=_many_recordings),
    "prepare again": KilledCommand(
        ("corpus",), prepare_arguments, "corpus", corpus_state, 0.15, arrange=_one_more_recording, whole=True
    ),
    "train": KilledCommand(("corpus",), _train, "new", run_state, 0.15, resume_arguments=_resume("new")),
    "resume": KilledCommand(
        ("corpus", "interrupted"), _resume("interrupted"), "interrupted", run_state, 0.15
    ),
    "generate": KilledCommand(("run",), _draw("clip.wav"), "clip.wav", clip_state, 0.08),
    "generate again": KilledCommand(
        ("run", "old"), _draw("clip.wav"), "clip.wav", clip_state, 0.06, arrange=_old_clip
    ),
    "generate clips": KilledCommand(("run",), _draw("clips", "--clips", "3"), "clips", clip_state, 0.08),
    "demo": KilledCommand((), demo_arguments, "demo", demo_state, 0.08, code=SHORTENED),
    "arena": KilledCommand(("corpus",), _arena(), "arena", arena_state, 0.07),
    "arena workers": KilledCommand(("corpus",), _arena("--workers", "2"), "arena", arena_state, 0.03),
}


def make_pristine(folder: Path, names: list[str]) -> None:
    """Make all folders that the named commands need."""
    needed = {need for name in names for need in KILLED_COMMANDS[name].needs}
    if needed:
        make_scene(folder, needed - {"corpus", "old"})
    else:
        write_recordings(folder / "recordings")
    if "old" in needed:
        clip = ["--seconds", "0.2", "--seed", "8", "--out", str(folder / "old" / "clip.wav")]
        run_command(["generate", str(folder / "run"), *clip])


def arrange(command: KilledCommand, pristine: Path, folder: Path) -> None:
    """Replace a folder by the one that a command starts from."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("recordings", *command.needs):
        shutil.copytree(pristine / name, folder / name)
    command.arrange(folder)
