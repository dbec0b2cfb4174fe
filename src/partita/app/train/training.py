"""What the page that trains has: recordings, their corpora, the runs, and the speed of this machine.

It says what may be trained now. It knows no addresses.
"""

import asyncio
from pathlib import Path
from typing import Any

from partita.app.play.library import Library
from partita.app.train.names import clean_name
from partita.app.train.run import Run
from partita.app.train.runs import Runs, keep_corpus
from partita.app.train.sets.preparing import Corpora
from partita.app.train.sets.recordings import RecordingSets
from partita.app.train.settings import RunSettings, TrainRequest
from partita.app.train.speed import Speeds
from partita.app.train.starts import start_of
from partita.app.web.errors import BusyError
from partita.device import available_cores
from partita.errors import PartitaError


class Training:
    """What the addresses of the page that trains need.

    Args:
        library: the models to start from.
        sets: the recordings.
        corpora: are made of them.
        runs: are trained on them.
        speeds: of this machine.
        threads: CPU threads that train.
    """

    def __init__(
        self,
        library: Library,
        sets: RecordingSets,
        corpora: Corpora,
        runs: Runs,
        speeds: Speeds,
        threads: int,
    ) -> None:
        self.library, self.sets, self.corpora = library, sets, corpora
        self.runs, self.speeds, self.threads = runs, speeds, threads

    @classmethod
    def in_folder(cls, folder: Path, library: Library, threads: int | None) -> "Training":
        """Return all of it, kept in a folder.

        Args:
            folder: of the page.
            library: the models to start from.
            threads: CPU threads that train; by default one per core.
        """
        sets = RecordingSets(folder / "recordings")
        corpora, runs = Corpora(sets, folder / "corpora"), Runs(folder / "runs")
        speeds = Speeds(folder / "speed.json")
        return cls(library, sets, corpora, runs, speeds, threads or available_cores())

    async def end(self) -> None:
        """End all processes: a run that is trained is saved and paused."""
        self.speeds.cancel()
        await self.corpora.end()
        await self.runs.end()

    def settings(self, request: TrainRequest) -> RunSettings:
        """Return the settings of a run.

        Args:
            request: what a visitor asks for.

        Raises:
            MissingError: the set or the model to start from is not there.
        """
        self.sets.folder(request.recordings)
        return RunSettings(
            corpus=self.corpora.path(request.recordings),
            minutes=request.minutes,
            size=request.size,
            start=start_of(self.library, request.start),
            threads=self.threads,
        )

    async def start(self, request: TrainRequest) -> Run:
        """Start a run.

        Args:
            request: what a visitor asks for.

        Raises:
            BusyError: another run is trained, or the recordings are being prepared.
            PartitaError: the recordings can't be trained on.
        """
        await asyncio.to_thread(self.check_ready, request.recordings)
        settings = self.settings(request)
        settings = settings.on(await asyncio.to_thread(keep_corpus, settings.corpus))
        name = clean_name(request.name) or request.recordings
        run = self.runs.start(settings, name=name, recordings=request.recordings)
        self.speeds.cancel()
        return run

    def check_ready(self, name: str) -> None:
        """Raise an error if a set can't be trained on now.

        Args:
            name: of the set.

        Raises:
            PartitaError: it is not prepared, or it has too little sound.
        """
        facts = self.corpora.facts(name)
        if facts["state"] in ("preparing", "waiting"):
            raise BusyError("the recordings are still being prepared: wait until this is done")
        if facts["state"] != "ready":
            words = {"empty": "give recordings first", "changed": "prepare the recordings first"}
            raise PartitaError(words.get(facts["state"], f"the recordings can't be used: {facts['error']}"))
        if facts["too_short"]:
            raise PartitaError(
                f"only {facts['seconds']['train']:.0f} seconds of sound are left for training: give more"
                " recordings, a few minutes at least"
            )

    def facts(self, run: Run) -> dict[str, Any]:
        """Return what the page shows of a run.

        Args:
            run: the run.
        """
        path = run.folder.absolute()
        models = [choice.name for choice in self.library.choices() if choice.path == path]
        return run.facts() | {"model": models[0] if models else ""}
