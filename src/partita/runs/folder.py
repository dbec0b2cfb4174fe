"""The layout of a run folder, and which of its checkpoints to keep and to load. Knows nothing of training.

config.toml          resolved; versions; corpus fingerprint
metrics.jsonl        one record a line
checkpoints/         step-000400/: generator, average, adversary, optimizer, random states; state.json
clips/               what was heard along the way
tensorboard/         a view of the metrics
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint, read_state, remove_checkpoint, save_checkpoint
from partita.runs.config import read_toml, write_toml

FORMAT = 1
CONFIG = "config.toml"
SECTIONS = {"format", "corpus", "network", "quantiser", "training", "versions"}


@dataclass(frozen=True)
class RunFolder:
    """A run on disk; get one with `create` or `open`.

    Args:
        path: the folder.
    """

    path: Path

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any], first: Checkpoint) -> "RunFolder":
        """Make a run folder with its config and its first checkpoint: all of it, or nothing.

        Raises:
            PartitaError: something lies there already, or the disk is full.
        """
        run = cls(Path(path))
        run.refuse_if_taken()
        with run.disk_faults(), storage.replacing_folder(run.path) as part:
            new = cls(part)
            write_toml(part / CONFIG, {"format": FORMAT} | config)
            new.metrics_path.touch()
            new.checkpoints_path.mkdir()
            save_checkpoint(new.checkpoint_path(first.step), first)
            if run.path.is_dir():
                run.path.rmdir()
        return run

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """Open the run in a folder.

        Raises:
            PartitaError: there is no run.

        >>> RunFolder.open("nowhere")
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`
        """
        run = cls(Path(path))
        if not run.path.exists():
            raise PartitaError(f"{path} does not exist: give a run folder, made by `partita train`")
        if not (run.path / CONFIG).is_file():
            raise PartitaError(
                f"{path} is no run (it has no {CONFIG}): give a folder made by `partita train`"
            )
        return run

    @property
    def metrics_path(self) -> Path:
        """Return the metrics file."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints_path(self) -> Path:
        """Return the folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def clips_path(self) -> Path:
        """Return the folder of clips drawn along the way."""
        return self.path / "clips"

    @property
    def board_path(self) -> Path:
        """Return the folder of TensorBoard files."""
        return self.path / "tensorboard"

    def refuse_if_taken(self) -> None:
        """Raise a PartitaError where a new run would overwrite something."""
        if self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            is_run = (self.path / CONFIG).is_file()
            remedy = f"go on with it by `partita train --resume {self.path}`, or " if is_run else ""
            raise PartitaError(
                f"{self.path} exists and is not empty: {remedy}give another folder with `--out`"
            )

    def config(self) -> dict[str, Any]:
        """Return the resolved config.

        Raises:
            PartitaError: it can't be read, has unknown sections, or comes from a newer version.
        """
        path = self.path / CONFIG
        table = read_toml(path)
        number = table.get("format")
        if not isinstance(number, int) or number > FORMAT:
            raise PartitaError(
                f"{path} has format {number!r}, this version reads up to {FORMAT}: install a newer partita"
            )
        if unknown := sorted(set(table) - SECTIONS):
            raise PartitaError(f"{path} has unknown sections {', '.join(unknown)}: remove them")
        if missing := sorted(SECTIONS - set(table)):
            raise PartitaError(f"{path} lacks {', '.join(missing)}: copy the run's config again")
        return table

    def checkpoint_path(self, step: int) -> Path:
        """Return where the checkpoint of a step lies."""
        return self.checkpoints_path / f"step-{step:06d}"

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, ascending."""
        names = self.checkpoints_path.glob("step-*") if self.checkpoints_path.is_dir() else []
        numbers = (path.name.removeprefix("step-") for path in names)
        return sorted(int(number) for number in numbers if number.isdecimal())

    def newest(self) -> Path:
        """Return the newest checkpoint, from which the run goes on.

        Raises:
            PartitaError: there is none.
        """
        steps = self.steps()
        if not steps:
            raise PartitaError(f"{self.path} has no checkpoint yet: train it, or give another run")
        return self.checkpoint_path(steps[-1])

    def chosen(self) -> Path:
        """Return the checkpoint that stands for the run: the one that training chose, else the newest.

        Raises:
            PartitaError: there is none, or its state is damaged.
        """
        newest = self.newest()
        choice = read_state(newest).get("chosen")
        path = newest if choice is None else self.checkpoint_path(int(choice))
        return path if path.is_dir() else newest

    @property
    def finished(self) -> bool:
        """Return whether training came to its end."""
        return bool(read_state(self.newest()).get("finished", False))

    def save(self, checkpoint: Checkpoint, *, keep: int, best: int | None) -> None:
        """Save a checkpoint, then remove all but the last few and the best.

        Args:
            checkpoint: what to save.
            keep: how many of the newest to keep, at least 1.
            best: the step of another one to keep.

        Raises:
            PartitaError: the disk is full; earlier checkpoints are intact.
        """
        with self.disk_faults():
            storage.flush_to_disk(self.metrics_path)
            save_checkpoint(self.checkpoint_path(checkpoint.step), checkpoint)
        for step in self.steps()[:-keep]:
            if step != best:
                remove_checkpoint(self.checkpoint_path(step))

    def log(self, record: dict[str, Any]) -> None:
        """Append a record to the metrics.

        Raises:
            PartitaError: the disk is full.
        """
        with self.disk_faults():
            metrics.append(self.metrics_path, record)

    def rewind(self) -> Path:
        """Remove what an interrupted run left behind its newest checkpoint, and return that checkpoint."""
        newest = self.newest()
        for part in self.checkpoints_path.glob(".*.part"):
            shutil.rmtree(part, ignore_errors=True)
        with self.disk_faults():
            metrics.truncate(self.metrics_path, after_step=self.steps()[-1])
        return newest

    @contextmanager
    def disk_faults(self) -> Iterator[None]:
        """Turn a full disk into one line that says what is safe and what to do."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise PartitaError(
                f"the disk of {self.path} is full: what was saved before is intact; make room, then"
                f" `partita train --resume {self.path}`"
            ) from error
