"""The runs that the page trains: start, pause, continue, and find them again after a restart.

One run is trained at a time. When the server ends, its run is paused: it saves, and a visitor can continue it
later. If the server is killed, the process goes on, and the next server finds it by its log file.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from partita.app.play.library import runs_in
from partita.app.train import process
from partita.app.train.names import is_name, unused_name
from partita.app.train.record import RunRecord
from partita.app.train.run import CAN_GO_ON, Run
from partita.app.train.settings import RunSettings
from partita.app.web.errors import BusyError, MissingError
from partita.data.index import read_index
from partita.errors import PartitaError

END_SECONDS = 60.0
"""How long the end of the server waits until a run is saved."""
CHECK_SECONDS = 0.1


class Runs:
    """The runs in a folder.

    Args:
        folder: of the runs; it is made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Run] = {}
        self._child: tuple[Run, subprocess.Popen[bytes]] | None = None

    def all(self) -> list[Run]:
        """Return all runs, the newest first."""
        self._reap()
        folders = {path.name for path in runs_in(self.folder) if path != self.folder}
        records = {path.stem for path in self.folder.glob("*.json")}
        names = [name for name in folders | records if is_name(name)]
        self._known = {name: self._known.get(name) or Run(self.folder / name) for name in names}
        found = [run for run in self._known.values() if run.exists or run.record is not None]
        return sorted(found, key=lambda run: run.created, reverse=True)

    def get(self, name: str) -> Run:
        """Return a run.

        Args:
            name: of the run.

        Raises:
            MissingError: there is none of this name, or not any more.
        """
        for run in self.all():
            if run.name == name:
                return run
        raise MissingError("this run is not there any more: reload the page")

    def running(self) -> Run | None:
        """Return the run that is trained now."""
        return next((run for run in self.all() if run.is_running), None)

    def start(self, settings: RunSettings, *, name: str, recordings: str = "") -> Run:
        """Start a new run.

        Args:
            settings: what to train, on a corpus that stays; see `keep_corpus`.
            name: what it is called; a number is added if a run has this name.
            recordings: the set of recordings.

        Raises:
            BusyError: another run is trained.
        """
        self._refuse_second()
        run = Run(self.folder / unused_name(name, self.folder))
        words = settings.words(run.folder)
        record = RunRecord(
            arguments=tuple(words),
            recordings=recordings,
            minutes=settings.minutes,
            size="" if settings.start else settings.size,
            start=settings.start,
        )
        self._known[run.name] = run
        self._begin(run, record, words)
        return run

    def go_on(self, run: Run) -> None:
        """Continue a run that was paused or has stopped.

        Args:
            run: the run.

        Raises:
            BusyError: it is trained, or another one is.
            PartitaError: it is done, or nothing is left of it.
        """
        self._refuse_second()
        state, _ = run.state()
        if state not in CAN_GO_ON:
            raise PartitaError(f"{run.name} is done: to train more, start a new run from it")
        record = run.record
        if run.exists:
            words = ["train", "--resume", str(run.folder)]
            record = record or RunRecord(arguments=tuple(words))
        elif record is None:
            raise MissingError("nothing is left of this run: start a new one")
        else:
            words = list(record.arguments)
        self._begin(run, record, words)

    def pause(self, run: Run) -> None:
        """Ask a run to save and to stop; it does so after its next update.

        Args:
            run: the run.

        Raises:
            PartitaError: it is not trained now, or not by the page.
        """
        record = run.record
        if not run.is_running:
            raise PartitaError(f"{run.name} is not trained now")
        if record is None or not record.process:
            raise PartitaError(f"{run.name} is trained by another program: stop it there")
        if not record.pause_asked:  # a second signal would end it without saving
            record.changed(pause_asked=True).write(run.record_path)
            process.ask_to_stop(record.process)

    def forget(self, run: Run) -> None:
        """Remove a run whose folder is gone, or that never began, from the list.

        Args:
            run: the run.

        Raises:
            PartitaError: it has a folder, or it is trained.
        """
        if run.exists or run.is_running:
            raise PartitaError(f"{run.name} is still there: pause it, and remove {run.folder} yourself")
        run.record_path.unlink(missing_ok=True)
        run.log.unlink(missing_ok=True)

    async def end(self) -> None:
        """Pause the run that is trained, and wait until it is saved."""
        run = self.running()
        if run is None or (record := run.record) is None or not record.process:
            return
        self.pause(run)
        for _ in range(round(END_SECONDS / CHECK_SECONDS)):
            self._reap()
            if not run.is_running:
                return
            await asyncio.sleep(CHECK_SECONDS)

    def facts(self) -> list[dict[str, Any]]:
        """Return what the list of runs shows, the newest first."""
        return [run.brief() for run in self.all()]

    def _refuse_second(self) -> None:
        if (other := self.running()) is not None:
            raise BusyError(f"{other.name} is trained now: pause it, or wait until it is done")

    def _begin(self, run: Run, record: RunRecord, words: list[str]) -> None:
        child = process.start(words, run.log)
        run.child_runs = True
        self._child = run, child
        record.changed(process=child.pid, pause_asked=False).write(run.record_path)

    def _reap(self) -> None:
        """Take note of the end of the process that this server has started."""
        if self._child is not None and self._child[1].poll() is not None:
            self._child[0].child_runs = False
            self._child = None


def keep_corpus(corpus: Path) -> Path:
    """Return a copy of a corpus that stays when the set of recordings changes, so that its runs can go on.

    The copy shares the samples of the corpus (hard links) where the file system can do so.

    Args:
        corpus: the folder of a corpus; the copy is beside it.

    Raises:
        PartitaError: there is no corpus.
    """
    index = read_index(corpus)
    if index is None:
        raise PartitaError(f"{corpus.name} is not prepared yet: wait until it is, or prepare it again")
    copy = corpus.with_name(f"{corpus.name}-{index['fingerprint'][:8]}")
    if read_index(copy) is None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(corpus, copy, copy_function=_link_or_copy)
    return copy


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
