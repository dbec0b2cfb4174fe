"""Draw the clips of the local page one after the other, in the order of the requests.

Only so many wait, and only so many finished ones stay in memory. This file does not know the pages.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable

from partita.app.play.drawing import Draw
from partita.app.play.job import Job
from partita.app.play.process import DrawingProcess
from partita.app.play.request import DrawRequest
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError

MOST_WAITING = 8
MOST_FINISHED = 24


class JobQueue:
    """The clips of the page, and the process that draws them.

    Args:
        process: draws.
    """

    def __init__(self, process: DrawingProcess) -> None:
        self._process = process
        self._jobs: dict[str, tuple[Job, Draw]] = {}
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._drawn: Job | None = None

    @property
    def jobs(self) -> list[Job]:
        """All clips, oldest first."""
        return [job for job, _ in self._jobs.values()]

    def get(self, name: str) -> Job:
        """Return a clip.

        Args:
            name: of the job.

        Raises:
            MissingError: there is none of this name, or it was removed for newer ones.
        """
        if name not in self._jobs:
            raise MissingError("this clip is not there any more: draw it again")
        return self._jobs[name][0]

    def position(self, job: Job) -> int:
        """Return how many clips are drawn before a clip begins.

        Args:
            job: a clip that waits.
        """
        waiting = [one.name for one in self.jobs if one.state == "waiting"]
        return waiting.index(job.name) + (self._drawn is not None) if job.name in waiting else 0

    def add(self, request: DrawRequest, draw: Draw, command: str) -> Job:
        """Put a clip into the queue.

        Args:
            request: what was asked for.
            draw: the same, with files.
            command: the command that draws the same.

        Raises:
            BusyError: too many wait already.
        """
        if sum(job.state == "waiting" for job in self.jobs) >= MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} clips wait to be drawn: stop one, or wait until one is done")
        self._forget(job for job in self.jobs if job.finished)
        job = Job(secrets.token_urlsafe(12), request, command)
        self._jobs[job.name] = job, draw
        self._waiting.put_nowait(job.name)
        return job

    def stop(self, job: Job) -> None:
        """End a clip; what is drawn stays.

        Args:
            job: the clip.
        """
        job.stop_asked = True
        if job.state == "waiting":
            job.enter("stopped")
        elif job is self._drawn:
            self._process.stop_clip()

    async def run(self) -> None:
        """Draw clips for ever."""
        while True:
            name = await self._waiting.get()
            if name in self._jobs and self._jobs[name][0].state == "waiting":
                job, draw = self._jobs[name]
                self._drawn = job
                try:
                    await self._draw(job, draw)
                finally:
                    self._drawn = None

    async def _draw(self, job: Job, draw: Draw) -> None:
        job.enter("drawing")
        try:
            async with contextlib.aclosing(self._process.messages(draw)) as messages:
                async for kind, value in messages:
                    if kind == "rate":
                        job.sample_rate = value
                        job.notify()
                    elif kind == "sound":
                        job.add(value)
                        if job.stop_asked:  # it was stopped before the process had begun
                            self._process.stop_clip()
        except PartitaError as error:
            job.enter("failed", str(error))
        except asyncio.CancelledError:
            job.enter("failed", "the server ends")
            raise
        except Exception as error:  # the next clips must not wait for ever
            job.enter("failed", f"drawing failed ({type(error).__name__}): please report it")
        else:
            job.enter("stopped" if job.stop_asked else "done")

    def _forget(self, finished: Iterable[Job]) -> None:
        """Remove the oldest finished clips, so that memory does not grow."""
        for job in list(finished)[: -MOST_FINISHED + 1]:
            del self._jobs[job.name]
