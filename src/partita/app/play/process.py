"""The process that draws, seen from the server: it is started when it is needed, and again after it died.

A crash or a lack of memory in compiled code ends this process, not the server. This file draws nothing.
"""

import asyncio
import contextlib
import multiprocessing
from collections.abc import AsyncGenerator
from multiprocessing.connection import Connection
from typing import Any

from partita.app.play.drawing import Draw, answer_requests
from partita.errors import PartitaError

END_SECONDS = 5.0


class DrawingProcess:
    """A process that answers one request after the other."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection | None = None
        self._stop: Any = None
        self._free = asyncio.Lock()

    async def messages(self, request: Draw) -> AsyncGenerator[tuple[str, Any], None]:
        """Yield the messages that answer a request; the last one is `done`.

        Args:
            request: the clip to draw.

        Raises:
            PartitaError: it failed, or the process died.
        """
        async with self._free:
            try:
                pipe = self._started()
                self._stop.clear()
                pipe.send(request)
                while True:
                    kind, value = await asyncio.to_thread(pipe.recv)
                    if kind == "failed":
                        raise PartitaError(value)
                    yield kind, value
                    if kind == "done":
                        return
            except (EOFError, OSError) as error:
                self.end()
                raise PartitaError(
                    "the process that draws has ended, perhaps for lack of memory: try again, or give a"
                    " smaller model"
                ) from error
            except (GeneratorExit, asyncio.CancelledError):
                self.end()  # its next message would answer another request
                raise

    def stop_clip(self) -> None:
        """End the clip that is being drawn after its next block."""
        if self._stop is not None:
            self._stop.set()

    def end(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            self._process.terminate()  # a thread that waits for a message then sees the end of the pipe
            self._process.join(END_SECONDS)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _started(self) -> Connection:
        """Return the pipe to the process, which is started if it does not run."""
        if self._process is None or self._pipe is None or not self._process.is_alive():
            self.end()
            self._stop = self._context.Event()  # one that a killed process held would stay locked
            self._pipe, other = self._context.Pipe()
            self._process = self._context.Process(
                target=answer_requests, args=(other, self._stop), daemon=True, name="partita-drawing"
            )
            with contextlib.closing(other):
                self._process.start()
        return self._pipe
