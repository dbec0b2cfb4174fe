"""How fast this machine trains, measured once for each size and start, and kept. See `measuring`."""

import asyncio
import contextlib
import json
from pathlib import Path

from partita import storage
from partita.app.child.running import child_process
from partita.app.train.settings import RunSettings
from partita.app.web.errors import BusyError
from partita.errors import PartitaError

MODULE = "partita.app.train.measuring"
SECONDS = 180.0
"""The time that a measurement may take, with the start of PyTorch and with compilation."""
MOST_WAITING = 3
"""Measurements that run or wait."""


class Speeds:
    """Measured speeds, in updates a second.

    Args:
        file: keeps them.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._free = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._known: dict[str, float] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            found = json.loads(file.read_text(encoding="utf-8"))
            self._known = {str(key): float(value) for key, value in found.items() if float(value) > 0}

    def known(self, settings: RunSettings) -> float | None:
        """Return the updates in a second, or None if they were not measured.

        Args:
            settings: what is to be trained.
        """
        return self._known.get(_key(settings))

    async def measure(self, settings: RunSettings) -> float:
        """Measure the updates in a second, and keep the result.

        Args:
            settings: what is to be trained.

        Raises:
            BusyError: others wait already.
            PartitaError: it can't be trained.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError("other measurements run: wait until they are done")
        before = self.known(settings)
        self._waiting += 1
        try:
            async with self._free:
                found = self.known(settings)
                if found is None or found == before:  # else it was measured while this one waited
                    found = await self._measured(settings)
                    self.keep(settings, found)
        finally:
            self._waiting -= 1
        return found

    def keep(self, settings: RunSettings, updates_per_second: float) -> None:
        """Keep a speed.

        Args:
            settings: what was trained.
            updates_per_second: its speed.
        """
        self._known[_key(settings)] = round(updates_per_second, 4)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        storage.write_json(self._file, self._known)

    def cancel(self) -> None:
        """End the measurement, if there is one: a training that begins would make it wrong."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _measured(self, settings: RunSettings) -> float:
        """Run the process that measures, and return its result."""
        words = (str(settings.corpus), settings.size, settings.start, str(settings.threads))
        async with child_process(MODULE, *words) as process:
            self._process = process
            try:
                printed, _ = await asyncio.wait_for(process.communicate(), SECONDS)
            except TimeoutError:
                raise PartitaError(
                    f"the measurement took more than {SECONDS:.0f} s: choose a smaller size"
                ) from None
            finally:
                self._process = None
        if process.returncode is not None and process.returncode < 0:
            raise PartitaError("it was cancelled, or there is not enough memory")
        found = {} if process.returncode else json.loads(printed or b"{}")
        if "updates_per_second" not in found:
            raise PartitaError(
                found.get("error", "this machine can't train this size, perhaps for lack of memory")
            )
        return float(found["updates_per_second"])


def _key(settings: RunSettings) -> str:
    kind = f"from {settings.start}" if settings.start else settings.size
    return f"{kind}, {settings.threads} threads"
