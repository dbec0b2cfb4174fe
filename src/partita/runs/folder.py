"""The layout of a run folder, and which of its checkpoints to keep and to load. Knows nothing of training.

config.toml          resolved; versions; corpus fingerprint
metrics.jsonl        one record a line
checkpoints/         step-000400/: generator, average, adversary, optimizer, random states; state.json
                     last.txt: the name of the one that was saved last
clips/               what was heard along the way
tensorboard/         a view of the metrics
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partita import storage
from partita.data.index import MAX_SAMPLE_RATE
from partita.digests import DIGEST, add_digest, verify_digest
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint, remove_checkpoint, save_checkpoint
from partita.runs.checkpoint_state import read_state
from partita.runs.config import write_toml
from partita.runs.config_formats import FORMAT, upgrade_run_config
from partita.runs.new_folder import LAST, is_available, new_folder
from partita.tables import Table, read_toml
from partita.terminal import print_note

CONFIG = "config.toml"
RECORDS = "records"
CONFIG_DIGEST = "config"
TABLES = ("corpus", "network", "quantizer", "training", "versions")
REMEDY = "copy the run's config again"


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

        An empty folder that is there already, also a mount point or one that a link leads to, is filled.

        Raises:
            PartitaError: something lies there already, another process makes a run there, or the disk is
                full.
        """
        run = cls(Path(path))
        run.check_available()
        table = add_digest({"format": FORMAT} | config)
        state = first.state | {CONFIG_DIGEST: table[DIGEST]}
        remedy = "nothing was made; make room, then run the same command again"
        with run.explain_full_disk(remedy), new_folder(run.path, last=CONFIG) as part:
            new = cls(part)
            write_toml(part / CONFIG, table)
            new.metrics_path.touch()
            new.checkpoints_path.mkdir()
            path = new.checkpoint_path(first.step)
            save_checkpoint(path, replace(first, state=state))
            (new.checkpoints_path / LAST).write_text(f"{path.name}\n")
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
    def tensorboard_path(self) -> Path:
        """Return the folder of TensorBoard files."""
        return self.path / "tensorboard"

    def check_available(self) -> None:
        """Raise a PartitaError where a new run would overwrite something."""
        if not is_available(self.path):
            is_run = (self.path / CONFIG).is_file()
            remedy = f"go on with it by `partita train --resume {self.path}`, or " if is_run else ""
            raise PartitaError(
                f"{self.path} exists and is not empty: {remedy}give another folder with `--out`"
            )

    def config(self) -> dict[str, Any]:
        """Return the resolved config.

        Raises:
            PartitaError: it can't be read, is damaged or another run's, has unknown sections, or comes from a
                newer version.
        """
        table = read_toml(self.path / CONFIG, remedy=REMEDY)
        number = table.integer("format", minimum=1)
        if number > FORMAT:
            raise PartitaError(
                f"{table.source} has format {number}, this version reads up to {FORMAT}: install a newer"
                " partita"
            )
        upgraded = replace(table, values=upgrade_run_config(table.values))
        _check(upgraded)
        remedy = f"{REMEDY}, or, if you edited it, remove its line `{DIGEST}`"
        verify_digest(replace(table, remedy=remedy))  # the digest is of the values as they were written
        if DIGEST in table.values and self.steps():
            written = read_state(self.newest_checkpoint()).get(CONFIG_DIGEST)  # older versions wrote none
            if written not in (None, table.values[DIGEST]):
                raise PartitaError(
                    f"{table.source} and {self.newest_checkpoint()} are of different runs: {remedy}"
                )
        return {name: value for name, value in upgraded.values.items() if name != DIGEST}

    def checkpoint_path(self, step: int) -> Path:
        """Return where the checkpoint of a step lies."""
        return self.checkpoints_path / f"step-{step:06d}"

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, ascending."""
        names = {path.name for path in self.checkpoints_path.glob("step-*") if path.is_dir()}
        digits = (name.removeprefix("step-") for name in names)
        steps = sorted(int(number) for number in digits if number.isascii() and number.isdecimal())
        return [step for step in steps if self.checkpoint_path(step).name in names]

    def newest_checkpoint(self) -> Path:
        """Return the newest checkpoint, from which the run goes on.

        Raises:
            PartitaError: there is none.
        """
        steps = self.steps()
        if not steps:
            raise PartitaError(f"{self.path} has no checkpoint yet: train it, or give another run")
        return self.checkpoint_path(steps[-1])

    def chosen_checkpoint(self) -> Path:
        """Return the checkpoint that stands for the run: the one that training chose, else the newest.

        Where that one, or the one that was saved last, is gone, a note on standard error says so.

        Raises:
            PartitaError: there is none, or its state is damaged.
        """
        newest = self.newest_checkpoint()
        choice = read_state(newest).get("chosen")
        wanted = newest if choice is None else self.checkpoint_path(choice)
        if wanted.is_dir() and self.missing_checkpoint is None:
            return wanted
        why = (
            f"{wanted}, which training chose, is gone"
            if self.missing_checkpoint is None
            else self.missing_checkpoint
        )
        print_note(f"{why}: {newest} is used in its place")
        return newest

    @property
    def missing_checkpoint(self) -> str | None:
        """Return words for the checkpoint that was saved last, if it is gone; else None.

        Runs of older versions don't say which it was.
        """
        try:
            text = (self.checkpoints_path / LAST).read_text("ascii")
        except (OSError, ValueError):
            return None
        found = re.fullmatch(r"step-([0-9]{6,18})\n", text)
        if found is None or int(found[1]) <= max(self.steps(), default=-1):
            return None
        return f"{self.checkpoint_path(int(found[1]))}, which was saved last, is gone"

    @property
    def finished(self) -> bool:
        """Return whether training came to its end."""
        return bool(read_state(self.newest_checkpoint()).get("finished", False))

    def save(self, checkpoint: Checkpoint, *, keep: int, best: int | None) -> None:
        """Save a checkpoint, then remove all but the last few and the best.

        Args:
            checkpoint: what to save.
            keep: how many of the newest to keep, at least 1.
            best: the step of another one to keep.

        Raises:
            PartitaError: the disk is full; earlier checkpoints are intact.
        """
        with self.explain_full_disk():
            storage.flush_to_disk(self.metrics_path)
            state = checkpoint.state | {RECORDS: metrics.count(self.metrics_path)}
            state[CONFIG_DIGEST] = read_state(self.newest_checkpoint()).get(CONFIG_DIGEST)
            path = self.checkpoint_path(checkpoint.step)
            save_checkpoint(path, replace(checkpoint, state=state))
            storage.write_text(self.checkpoints_path / LAST, f"{path.name}\n")
        for step in self.steps()[:-keep]:
            if step != best:
                remove_checkpoint(self.checkpoint_path(step))

    def log(self, record: dict[str, Any]) -> None:
        """Append a record to the metrics.

        Raises:
            PartitaError: the disk is full.
        """
        with self.explain_full_disk():
            metrics.append(self.metrics_path, record)

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the metrics, of a run that is not being trained.

        Raises:
            PartitaError: a record is damaged, or some that were there when the newest checkpoint was saved
                are missing.
        """
        records = metrics.read(self.metrics_path)
        lost = (read_state(self.newest_checkpoint()).get(RECORDS) or 0) - len(records)
        if lost > 0:
            raise PartitaError(
                f"{self.metrics_path} lacks {lost} records that it had: copy it again, or remove {self.path}"
            )
        return records

    def discard_unsaved(self) -> list[str]:
        """Remove what an interrupted run wrote after its newest checkpoint.

        Returns:
            a line for all that is lost: later checkpoints, and records that the metrics had when that
            checkpoint was saved.
        """
        most = read_state(self.newest_checkpoint()).get(RECORDS)  # checkpoints of older versions don't say
        storage.remove_leftovers(self.path, deep=True)
        with self.explain_full_disk():
            left = metrics.truncate(self.metrics_path, after_step=self.steps()[-1], most=most)
        lines = (
            [f"{self.missing_checkpoint}: training goes on from {self.newest_checkpoint()}"]
            if self.missing_checkpoint
            else []
        )
        if most is not None and most > left:
            lines.append(f"{self.metrics_path} lacks {most - left} records that it had: its curves have gaps")
        return lines

    @contextmanager
    def explain_full_disk(self, remedy: str | None = None) -> Iterator[None]:
        """Turn a full disk into one line that says what is safe and what to do.

        Args:
            remedy: what is said of it; by default, of a run that is there, how to go on with it.
        """
        try:
            yield
        except OSError as error:
            if error.errno not in storage.DISK_FULL_ERRORS:
                raise
            remedy = remedy or (
                f"what was saved before is intact; make room, then `partita train --resume {self.path}`"
            )
            raise PartitaError(f"the disk of {self.path} is full: {remedy}") from error


def is_finished(path: Path) -> bool:
    """Return whether a folder exists and holds a run whose training is finished.

    Args:
        path: the folder of a run, or a path where there is nothing yet.

    Raises:
        PartitaError: the folder holds no run.

    >>> is_finished(Path("nowhere"))
    False
    """
    return path.exists() and RunFolder.open(path).finished


def _check(table: Table) -> None:
    """Refuse a config with other sections than it must have, or whose corpus is not described."""
    if unknown := sorted(set(table.values) - {"format", DIGEST, *TABLES}):
        raise PartitaError(f"{table.source} has unknown sections {', '.join(unknown)}: remove them")
    if missing := sorted(set(TABLES) - set(table.values)):
        raise PartitaError(f"{table.source} lacks {', '.join(missing)}: {REMEDY}")
    for name in TABLES:
        table.table(name)
    corpus = table.table("corpus")
    for name in ("path", "relative", "fingerprint"):
        corpus.text(name)
    corpus.integer("sample_rate", minimum=1, maximum=MAX_SAMPLE_RATE)
