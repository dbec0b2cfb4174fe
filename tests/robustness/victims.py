"""What is killed: commands with the folder that they start from, and how to see that nothing was lost.

Each victim starts from a folder `home` with recordings and whatever it needs, and says which of its files it
may change. `old` tells what is there before; after the kill it must still be that, or `new`, what the same
command makes when nobody kills it.

This file kills nothing.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile
from probes import arena_scores, files_digest
from scenes import (
    STEPS,
    arena_words,
    demo_words,
    do,
    make_scene,
    prepare_words,
    train_words,
    write_recordings,
)

QUICK = """
import sys
from scenes import quick
from partita.cli.main import main
with quick():
    sys.exit(main())
"""
PLAIN = "import sys; from partita.cli.main import main; sys.exit(main())"
DRAW = ["--seconds", "0.5", "--seed", "7", "--threads", "1", "--block", "100"]


@dataclass(frozen=True)
class Victim:
    """A command to kill."""

    needs: tuple[str, ...]
    """Folders of the scene that are there when it starts."""
    words: Callable[[Path], list[str]]
    product: str
    """The file or folder in `home` that it makes or changes; everything else stays as it is."""
    content: Callable[[Path], Any]
    """What tells the product from another; an error where it can't be read."""
    share: float
    """Of all kills."""
    code: str = PLAIN
    arrange: Callable[[Path], None] = lambda home: None
    """Done before it starts."""
    next_words: Callable[[Path], list[str]] | None = None
    """What to do after the kill where it is not the same command, once the product is there."""
    whole: bool = False
    """Whether a product that was there before is replaced as a whole: it is always the old or the new one."""


def corpus_state(corpus: Path) -> Any:
    """Return what a corpus says of itself, once it can be read to its end."""
    from partita.data.corpus import SPLITS, Corpus

    found = Corpus.open(corpus)
    ends = [segment.offset + segment.length for split in SPLITS for segment in found.segments(split)]
    assert max(ends) <= len(found.samples)
    return [found.fingerprint, files_digest(found.store)]


def run_state(run: Path) -> Any:
    """Return what tells the model of a run from another, once all of its checkpoint can be read."""
    from partita.runs.checkpoint import load_checkpoint
    from partita.runs.folder import RunFolder
    from partita.runs.loading import load

    load(run)
    newest = RunFolder.open(run).newest_checkpoint()
    load_checkpoint(newest)
    return [newest.name, files_digest(*newest.glob("*.safetensors"))]


def clip_state(path: Path) -> Any:
    """Return what tells clips from others, once they can be read."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [[file.name, soundfile.read(file)[0].tolist()] for file in files]


def arena_state(arena: Path) -> Any:
    """Return the scores of an arena, once it has any."""
    scores = arena / "scores.json"
    return arena_scores(arena)["arms"] if scores.exists() else None


def demo_state(demo: Path) -> Any:
    """Return which runs a demo finished, once all that are there can be read, and whether it has its page."""
    from partita.runs.folder import RunFolder

    runs = sorted((demo / "runs").iterdir()) if (demo / "runs").exists() else []
    visible = [run for run in runs if not run.name.startswith(".")]
    for run in visible:
        run_state(run)
    done = [run.name for run in visible if RunFolder.open(run).finished]
    json.loads((demo / "demo.json").read_text())
    return [done, (demo / "report.html").exists()]


def _one_more_recording(home: Path) -> None:
    write_recordings(home / "recordings", numbers=range(5, 6), seconds=3.0)


def _draw(out: str, *more: str) -> Callable[[Path], list[str]]:
    return lambda home: ["generate", str(home / "run"), *DRAW, *more, "--out", str(home / out)]


def _old_clip(home: Path) -> None:
    (home / "old" / "clip.wav").rename(home / "clip.wav")


def _resume(run: str) -> Callable[[Path], list[str]]:
    return lambda home: ["train", "--resume", str(home / run)]


def _many_recordings(home: Path) -> None:
    write_recordings(home / "recordings", numbers=range(5, 25))


def _train(home: Path) -> list[str]:
    return train_words(home, "new", "--arm", "report", "--steps", str(STEPS))


def _arena(*more: str) -> Callable[[Path], list[str]]:
    return lambda home: arena_words(home, *more)


VICTIMS = {
    "prepare": Victim((), prepare_words, "corpus", corpus_state, 0.15, arrange=_many_recordings),
    "prepare again": Victim(
        ("corpus",), prepare_words, "corpus", corpus_state, 0.15, arrange=_one_more_recording, whole=True
    ),
    "train": Victim(("corpus",), _train, "new", run_state, 0.15, next_words=_resume("new")),
    "resume": Victim(("corpus", "interrupted"), _resume("interrupted"), "interrupted", run_state, 0.15),
    "generate": Victim(("run",), _draw("clip.wav"), "clip.wav", clip_state, 0.08),
    "generate again": Victim(
        ("run", "old"), _draw("clip.wav"), "clip.wav", clip_state, 0.06, arrange=_old_clip
    ),
    "generate clips": Victim(("run",), _draw("clips", "--clips", "3"), "clips", clip_state, 0.08),
    "demo": Victim((), demo_words, "demo", demo_state, 0.08, code=QUICK),
    "arena": Victim(("corpus",), _arena(), "arena", arena_state, 0.07),
    "arena crew": Victim(("corpus",), _arena("--workers", "2"), "arena", arena_state, 0.03),
}


def make_pristine(folder: Path, names: list[str]) -> None:
    """Make all that the victims of these names need."""
    needed = {need for name in names for need in VICTIMS[name].needs}
    if needed:
        make_scene(folder, needed - {"corpus", "old"})
    else:
        write_recordings(folder / "recordings")
    if "old" in needed:
        clip = ["--seconds", "0.2", "--seed", "8", "--out", str(folder / "old" / "clip.wav")]
        do(["generate", str(folder / "run"), *clip])


def arrange(victim: Victim, pristine: Path, home: Path) -> None:
    """Make the folder that a victim starts from, in place of what is there."""
    shutil.rmtree(home, ignore_errors=True)
    for name in ("recordings", *victim.needs):
        shutil.copytree(pristine / name, home / name)
    victim.arrange(home)
