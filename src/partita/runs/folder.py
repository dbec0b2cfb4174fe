"""The folder of a run: its files, and which checkpoints to keep and to load.

    config.toml          the resolved config, the versions of packages, the fingerprint of the corpus
    metrics.jsonl        one record a line
    checkpoints/         step-000400/: generator, average, adversary, optimizer, random states; state.json
                         last.txt: the name of the checkpoint that was saved last
    clips/               preview clips drawn during training
    events.out.*         the metrics as TensorBoard files, which it names after the run's folder

This file does not know how to train.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partita import storage
from partita.checks import nearest_path
from partita.digests import DIGEST, add_digest
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint, remove_checkpoint, save_checkpoint
from partita.runs.checkpoint_state import read_state
from partita.runs.config import write_toml
from partita.runs.config_file import EDIT_REMEDY, read_config_file
from partita.runs.config_formats import FORMAT
from partita.runs.new_folder import LAST_SAVED, is_available, new_folder
from partita.terminal import print_note

CONFIG = "config.toml"
RECORDS = "records"  # key in the state of a checkpoint: the number of records in the metrics
CONFIG_DIGEST = "config"  # key in the state of a checkpoint: the digest of the config


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run; make one with `create`, or open an existing one with `open`.

    Args:
        path: the folder.
    """

    path: Path

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any], first: Checkpoint) -> "RunFolder":
        """Make a run folder with its config and its first checkpoint.

        If this fails, nothing is left. An empty folder that exists is filled; it can be a mount point or the
        target of a link.

        Args:
            path: the folder to make.
            config: the sections of the resolved config.
            first: the checkpoint before the first update.

        Raises:
            PartitaError: the folder is not empty, another process makes a run there, or the disk is full.
        """
        run = cls(Path(path))
        run.check_available()
        table = add_digest({"format": FORMAT} | config)
        state = first.state | {CONFIG_DIGEST: table[DIGEST]}
        remedy = "no run was made; make room, then run the same command again"
        with run.explain_full_disk(remedy), new_folder(run.path, last=CONFIG) as part:
            new = cls(part)
            write_toml(part / CONFIG, table)
            new.metrics_path.touch()
            new.checkpoints_path.mkdir()
            path = new.checkpoint_path(first.step)
            save_checkpoint(path, replace(first, state=state))
            (new.checkpoints_path / LAST_SAVED).write_text(f"{path.name}\n")
        return run

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """Open the folder of an existing run.

        Raises:
            PartitaError: the folder does not exist or contains no run.

        >>> RunFolder.open("nowhere")
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`
        """
        run = cls(Path(path))
        remedy = "give a run folder, made by `partita train`"
        if not run.path.exists():
            raise PartitaError(f"{path} does not exist: {remedy}{nearest_path(path)}")
        if not (run.path / CONFIG).is_file():
            raise PartitaError(f"{path} is not a run (it has no {CONFIG}): {remedy}")
        return run

    @property
    def metrics_path(self) -> Path:
        """Return the path of the metrics file."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints_path(self) -> Path:
        """Return the folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def clips_path(self) -> Path:
        """Return the folder of the preview clips."""
        return self.path / "clips"

    def check_available(self) -> None:
        """Raise a PartitaError if the folder exists and is not empty."""
        if not is_available(self.path):
            is_run = (self.path / CONFIG).is_file()
            remedy = f"continue the run with `partita train --resume {self.path}`, or " if is_run else ""
            raise PartitaError(
                f"{self.path} exists and is not empty: {remedy}give another folder with `--out`"
            )

    def config(self) -> dict[str, Any]:
        """Return the resolved config in the current format.

        Raises:
            PartitaError: the config can't be read, is damaged, belongs to another run, has unknown sections
                or has a newer format.
        """
        file = read_config_file(self.path / CONFIG)
        if file.digest is not None and self.steps():
            newest = self.newest_checkpoint()
            expected = read_state(newest).get(CONFIG_DIGEST)  # missing in runs of older versions
            if expected not in (None, file.digest):
                raise PartitaError(f"{self.path / CONFIG} and {newest} are of different runs: {EDIT_REMEDY}")
        return file.values

    def checkpoint_path(self, step: int) -> Path:
        """Return the path of the checkpoint of a step."""
        return self.checkpoints_path / f"step-{step:06d}"

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, in ascending order."""
        names = {path.name for path in self.checkpoints_path.glob("step-*") if path.is_dir()}
        digits = (name.removeprefix("step-") for name in names)
        steps = sorted(int(number) for number in digits if number.isascii() and number.isdecimal())
        return [step for step in steps if self.checkpoint_path(step).name in names]

    def newest_checkpoint(self) -> Path:
        """Return the newest checkpoint, with which training continues.

        Raises:
            PartitaError: the run has no checkpoint.
        """
        steps = self.steps()
        if not steps:
            raise PartitaError(f"{self.path} has no checkpoint yet: train it, or give another run")
        return self.checkpoint_path(steps[-1])

    def chosen_checkpoint(self) -> Path:
        """Return the checkpoint to load: the one that training chose, or else the newest.

        If the chosen checkpoint or the one that was saved last is missing, a note on standard error says so.

        Raises:
            PartitaError: the run has no checkpoint, or the state of the newest is damaged.
        """
        newest = self.newest_checkpoint()
        if (last := self.missing_checkpoint()) is not None:
            missing = f"{last}, the checkpoint that was saved last,"
        else:
            choice = read_state(newest).get("chosen")
            chosen = newest if choice is None else self.checkpoint_path(choice)
            if chosen.is_dir():
                return chosen
            missing = f"{chosen}, the checkpoint that training chose,"
        print_note(f"{missing} is missing: {newest} is used instead")
        return newest

    def missing_checkpoint(self) -> Path | None:
        """Return the path of the checkpoint that was saved last if it is missing, else None.

        Runs of older versions do not record which checkpoint was saved last; for them the result is None.
        """
        try:
            text = (self.checkpoints_path / LAST_SAVED).read_text("ascii")
        except (OSError, ValueError):
            return None
        found = re.fullmatch(r"step-([0-9]{6,18})\n", text)
        if found is None or int(found[1]) <= max(self.steps(), default=-1):
            return None
        return self.checkpoint_path(int(found[1]))

    @property
    def finished(self) -> bool:
        """Return whether training is finished."""
        return bool(read_state(self.newest_checkpoint()).get("finished", False))

    def save(self, checkpoint: Checkpoint, *, keep: int, best: int | None) -> None:
        """Save a checkpoint, then remove old checkpoints.

        Args:
            checkpoint: the checkpoint to save.
            keep: the number of newest checkpoints to keep, at least 1.
            best: the step of a further checkpoint to keep; None for none.

        Raises:
            PartitaError: the disk is full; earlier checkpoints are unchanged.
        """
        with self.explain_full_disk():
            storage.flush_to_disk(self.metrics_path)
            state = checkpoint.state | {RECORDS: metrics.count(self.metrics_path)}
            state[CONFIG_DIGEST] = read_state(self.newest_checkpoint()).get(CONFIG_DIGEST)
            path = self.checkpoint_path(checkpoint.step)
            save_checkpoint(path, replace(checkpoint, state=state))
            storage.write_text(self.checkpoints_path / LAST_SAVED, f"{path.name}\n")
        for step in self.steps()[:-keep]:
            if step != best:
                remove_checkpoint(self.checkpoint_path(step))

    def log(self, record: dict[str, Any]) -> None:
        """Append a record to the metrics file.

        Raises:
            PartitaError: the disk is full.
        """
        with self.explain_full_disk():
            metrics.append(self.metrics_path, record)

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the metrics file; call it only while the run is not being trained.

        Raises:
            PartitaError: a record is damaged, or records from before the newest checkpoint are missing.
        """
        records = metrics.read(self.metrics_path)
        missing = (read_state(self.newest_checkpoint()).get(RECORDS) or 0) - len(records)
        if missing > 0:
            raise PartitaError(
                f"{self.metrics_path} has lost {missing} records: copy it again, or remove {self.path}"
            )
        return records

    def discard_unsaved(self) -> list[str]:
        """Remove what an interrupted run wrote after its newest checkpoint.

        Returns:
            a message for each loss: a missing newer checkpoint, and missing records of the metrics file from
            before the newest checkpoint.
        """
        expected = read_state(self.newest_checkpoint()).get(RECORDS)  # missing in runs of older versions
        storage.remove_leftovers(self.path, deep=True)
        with self.explain_full_disk():
            left = metrics.truncate(self.metrics_path, after_step=self.steps()[-1], at_most=expected)
        messages = []
        if (last := self.missing_checkpoint()) is not None:
            place = f"training continues from {self.newest_checkpoint()}"
            messages.append(f"{last}, the checkpoint that was saved last, is missing: {place}")
        if expected is not None and expected > left:
            messages.append(f"{self.metrics_path} has lost {expected - left} records: its curves have gaps")
        return messages

    @contextmanager
    def explain_full_disk(self, remedy: str | None = None) -> Iterator[None]:
        """Raise a PartitaError in place of the error of the operating system if the disk is full.

        Args:
            remedy: what the user can do; by default how to resume the run.

        Raises:
            PartitaError: the disk is full.
        """
        try:
            yield
        except OSError as error:
            if error.errno not in storage.DISK_FULL_ERRORS:
                raise
            remedy = remedy or (
                f"earlier checkpoints are unchanged; make room, then run `partita train --resume {self.path}`"
            )
            raise PartitaError(f"the disk of {self.path} is full: {remedy}") from error


def is_finished(path: Path) -> bool:
    """Return whether a run exists and its training is finished.

    Args:
        path: the folder of a run, or a path that does not exist.

    Raises:
        PartitaError: the folder exists and contains no run.

    >>> is_finished(Path("nowhere"))
    False
    """
    return path.exists() and RunFolder.open(path).finished
