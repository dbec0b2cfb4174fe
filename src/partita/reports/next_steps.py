"""What a reader can do next, as commands that can be typed as they are. This file runs none of them."""

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """A thing to do.

    Args:
        title: what it brings, in a few words.
        command: the command that does it, quoted for a shell.
    """

    title: str
    command: str


def command(*words: str | Path | float) -> str:
    """Return a command line of Partita, with every word quoted where a shell needs it.

    Args:
        words: the subcommand, its arguments and its options.

    >>> command("train", Path("my corpus"), "--minutes", 60)
    "partita train 'my corpus' --minutes 60"
    """
    return shlex.join(["partita", *(f"{word:g}" if isinstance(word, float) else str(word) for word in words)])


def model_steps(
    run: str | Path, corpus: Path, out: Path, *, prompt: Path | None = None, finished: bool = True
) -> list[Step]:
    """Return what to do with a trained model: draw, continue, train further, score, compare.

    Args:
        run: the run, or the name of a model that ships.
        corpus: the corpus on which it is scored.
        out: the folder for what is made.
        prompt: a recording that the model can continue; by default the first real clip of the page.
        finished: whether the run's training is finished; otherwise it can be resumed.
    """
    further = command("train", corpus, "--from", run, "--out", out / "longer", "--minutes", 60)
    prompt = prompt or out / "clips" / "prompt-1-real.wav"
    return [
        Step(
            "Draw more of it", command("generate", run, "--seconds", 20, "--clips", 4, "--out", out / "more")
        ),
        Step(
            "Let it continue a recording",
            command("generate", run, "--prime", prompt, "--seconds", 20, "--out", out / "continued.wav"),
        ),
        Step(
            "Train it for another hour" if finished else "Go on with its training",
            further if finished else command("train", "--resume", run),
        ),
        Step("Score it on all held-out sound", command("evaluate", run, corpus, "--out", out / "scores")),
        Step(
            "Ask whether an adversary helps",
            command("compare", corpus, "--from", run, "--arms", "report", "--out", out / "comparison"),
        ),
    ]
