"""Make a test: from the clips of a finished comparison, or from clips that models draw for it.

Models draw one clip after the other, in the page's own process. While they do, the test has a state and no
links. This file does not know the addresses.
"""

import asyncio
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from starlette.concurrency import run_in_threadpool

from partita.app.blind.config import BlindConfig
from partita.app.compare.comparisons import CLIPS, comparisons_in
from partita.app.listening.request import TestRequest
from partita.app.listening.shelf import TestShelf
from partita.app.play.drawing import Draw
from partita.app.play.library import Library
from partita.app.play.process import DrawingProcess
from partita.app.uploads.decode import SOUND
from partita.app.uploads.store import UploadStore
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError


@dataclass
class Making:
    """A test that is being made.

    Args:
        name: of the test.
        drawn: clips that are drawn.
        clips: clips to draw.
        state: where it is.
        message: why it failed.
    """

    name: str
    drawn: int = 0
    clips: int = 0
    state: Literal["making", "made", "failed"] = "making"
    message: str = ""


class Maker:
    """Makes tests, one at a time.

    Args:
        shelf: where tests are.
        library: the models.
        uploads: the prompts.
        folders: where finished comparisons are.
        process: draws.
        threads: threads that draw.
    """

    def __init__(
        self,
        shelf: TestShelf,
        library: Library,
        uploads: UploadStore,
        folders: tuple[Path, ...],
        process: DrawingProcess,
        threads: int | None,
    ) -> None:
        self._shelf, self._library, self._uploads = shelf, library, uploads
        self._folders, self._process, self._threads = folders, process, threads
        self._makings: dict[str, Making] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> list[Making]:
        """The test that is being made, if there is one."""
        return [making for making in self._makings.values() if making.state == "making"]

    def get(self, name: str) -> Making:
        """Return how far the making of a test is.

        Args:
            name: of the test.

        Raises:
            MissingError: no such test is being made.
        """
        if name not in self._makings:
            raise MissingError("there is no such test: load the page again")
        return self._makings[name]

    def start(self, request: TestRequest) -> Making:
        """Begin to make a test.

        Args:
            request: which.

        Raises:
            BusyError: another test is being made.
            MissingError: a model, a comparison or the prompt is not there.
        """
        if self.running:
            raise BusyError("another test is being made: wait until it is ready")
        draws = self._draws(request)
        arms = {} if request.models else self._kept_arms(request)
        making = Making(self._shelf.new_name(), clips=sum(map(len, draws.values())))
        self._makings[making.name] = making
        task = asyncio.create_task(self._make(making, request, draws, arms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return making

    def _draws(self, request: TestRequest) -> dict[str, list[Draw]]:
        """Return the clips to draw for each model; clip k has the same seed for all."""
        prompt = None if request.prompt is None else self._uploads.get(request.prompt, SOUND)
        return {
            name: [
                Draw(
                    model=self._library.get(name).path,
                    seconds=request.seconds,
                    prompt=prompt,
                    sampling={"seed": seed, "threads": self._threads},
                )
                for seed in range(request.clips)
            ]
            for name in request.models
        }

    def _kept_arms(self, request: TestRequest) -> dict[str, Path]:
        found = comparisons_in(self._folders)
        if request.comparison not in found:
            raise MissingError("this comparison is not there any more: load the page again")
        comparison = found[request.comparison]
        wanted = request.arms or list(comparison.clips)
        if missing := sorted(set(wanted) - set(comparison.clips)):
            raise MissingError(f"the comparison has no arm {missing[0]!r}: load the page again")
        return {arm: comparison.folder / CLIPS / arm for arm in wanted}

    async def _make(
        self, making: Making, request: TestRequest, draws: dict[str, list[Draw]], arms: dict[str, Path]
    ) -> None:
        from partita.app.blind.creation import create_test  # its filters take a second to import

        try:
            with tempfile.TemporaryDirectory() as scratch:
                for number, (model, clips) in enumerate(draws.items()):
                    arms[model] = Path(scratch) / str(number)
                    arms[model].mkdir()
                    for index, draw in enumerate(clips):
                        (arms[model] / f"{index}.wav").write_bytes(await self._drawn(draw))
                        making.drawn += 1
                config = BlindConfig(
                    arms=arms,
                    listeners=tuple(name.strip() for name in request.listeners),
                    questions=tuple(request.questions),
                    seconds=request.seconds,
                )
                await run_in_threadpool(create_test, self._shelf.path(making.name), config)
            self._shelf.write_title(making.name, " against ".join(arms))
            making.state = "made"
        except (PartitaError, OSError) as error:
            making.state, making.message = "failed", str(error)
        except Exception as error:  # other tests must not wait for ever
            making.state = "failed"
            making.message = f"the test can't be made ({type(error).__name__}): please report it"

    async def _drawn(self, draw: Draw) -> bytes:
        """Return a clip as a WAV file."""
        sound, rate = bytearray(), 0
        async for kind, value in self._process.messages(draw):
            if kind == "rate":
                rate = value
            elif kind == "sound":
                sound += value
        file = io.BytesIO()
        soundfile.write(file, np.frombuffer(bytes(sound), "<i2"), rate, format="WAV", subtype="PCM_16")
        return file.getvalue()
