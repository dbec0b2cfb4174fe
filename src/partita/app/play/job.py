"""One clip of the local page, from the request to the finished sound. Nothing is drawn here.

All changes happen in the server's event loop, so no lock is needed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from partita.app.play.request import DrawRequest

State = Literal["waiting", "drawing", "done", "stopped", "failed"]
BYTES = 2
"""Bytes of a sample."""


@dataclass
class Job:
    """A clip and what is known of it.

    Args:
        name: an unguessable name.
        request: what was asked for.
        command: the command that draws the same.
        state: where it is.
        sample_rate: Hz; 0 until the model is loaded.
        message: why it failed.
        sound: 16-bit little-endian PCM, as far as it is drawn.
    """

    name: str
    request: DrawRequest
    command: str
    state: State = "waiting"
    sample_rate: int = 0
    message: str = ""
    sound: bytearray = field(default_factory=bytearray)
    kept: str = ""
    begun: float = 0.0
    ended: float = 0.0
    stop_asked: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def finished(self) -> bool:
        """Whether no more sound comes."""
        return self.state in ("done", "stopped", "failed")

    @property
    def seconds(self) -> float:
        """Seconds of sound that are drawn."""
        return len(self.sound) / BYTES / self.sample_rate if self.sample_rate else 0.0

    @property
    def times_real_time(self) -> float:
        """Seconds of sound that are drawn in a second, from the first block on."""
        spent = (self.ended or time.monotonic()) - self.begun
        return self.seconds / spent if self.begun and spent > 0 else 0.0

    def add(self, block: bytes) -> None:
        """Append drawn sound.

        Args:
            block: 16-bit PCM.
        """
        if not self.sound:
            self.begun = time.monotonic()
        self.sound += block
        self.notify()

    def enter(self, state: State, message: str = "") -> None:
        """Go on to another state.

        Args:
            state: the new state.
            message: why it failed.
        """
        self.state, self.message = state, message
        if self.finished:
            self.ended = time.monotonic()
        self.notify()

    def notify(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    async def blocks(self, start: int = 0) -> AsyncIterator[bytes]:
        """Yield the sound as it is drawn, until it ends.

        Args:
            start: samples to leave out.
        """
        at = start * BYTES
        while True:
            changed = self._changed
            if at < len(self.sound):
                block = bytes(self.sound[at:])
                at += len(block)
                yield block
            elif self.finished:
                return
            else:
                await changed.wait()

    def facts(self) -> dict[str, Any]:
        """Return what the page shows."""
        return {
            "job": self.name,
            "state": self.state,
            "message": self.message,
            "sample_rate": self.sample_rate,
            "samples": len(self.sound) // BYTES,
            "seconds": round(self.seconds, 3),
            "times_real_time": round(self.times_real_time, 2),
            "command": self.command,
            "kept": self.kept,
            "request": self.request.model_dump(exclude_none=True),
        }
