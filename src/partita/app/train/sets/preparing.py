"""Make the corpora of sets of recordings, one after the other, and say what was kept and what was skipped.

A set that changes while its corpus is made is prepared again. Nothing is decoded in this process.
"""

import asyncio
import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from partita.app.child.running import child_process
from partita.app.train.sets.recordings import RecordingSets
from partita.app.web.errors import MissingError
from partita.data.index import read_index
from partita.data.preparation.summary import group_notes
from partita.errors import PartitaError

MODULE = "partita.app.train.sets.prepare_process"
SECONDS = 2 * 3600.0
LEAST_SECONDS = {"train": 10.0, "validation": 1.0}
"""The least sound of these splits that a training needs."""

Files = tuple[tuple[str, int], ...]
State = Literal["empty", "changed", "waiting", "preparing", "ready", "failed"]


@dataclass
class Preparation:
    """The state of a preparation.

    Args:
        done: bytes of recordings.
        total: bytes of all recordings.
        name: the recording that was worked on.
        error: why it failed.
        files: the recordings that it was begun with.
    """

    done: float = 0.0
    total: float = 0.0
    name: str = ""
    error: str = ""
    files: Files = ()


class Corpora:
    """The corpora of the sets.

    Args:
        sets: the recordings.
        folder: of the corpora.
        seconds: the time that one preparation may take.
    """

    def __init__(self, sets: RecordingSets, folder: Path, *, seconds: float = SECONDS) -> None:
        self._sets, self._folder, self._seconds = sets, folder, seconds
        self._running: dict[str, asyncio.Task[None]] = {}
        self._states: dict[str, Preparation] = {}
        self._free = asyncio.Lock()

    def path(self, name: str) -> Path:
        """Return the folder of a set's corpus, which may be absent.

        Args:
            name: of the set.
        """
        return self._folder / name

    def begin(self, name: str) -> None:
        """Make the corpus of a set, or make it again, without waiting for it.

        Args:
            name: of the set.

        Raises:
            MissingError: there is no such set.
        """
        self._sets.folder(name)
        if name not in self._running:
            task = asyncio.create_task(self._prepare_until_unchanged(name))
            self._running[name] = task
            task.add_done_callback(lambda _: self._running.pop(name, None))

    async def wait(self, name: str) -> None:
        """Wait until the corpus of a set is made.

        Args:
            name: of the set.
        """
        if name in self._running:
            await asyncio.shield(self._running[name])

    async def remove(self, name: str) -> None:
        """Remove the corpus of a set.

        Args:
            name: of the set.
        """
        await self._cancel(name)
        self._states.pop(name, None)
        await asyncio.to_thread(shutil.rmtree, self.path(name), ignore_errors=True)

    async def end(self) -> None:
        """End all preparations; earlier corpora stay as they are."""
        for name in list(self._running):
            await self._cancel(name)

    def facts(self, name: str) -> dict[str, Any]:
        """Return what the page shows of a set: its state, its files, and what was made of them.

        Args:
            name: of the set.

        Raises:
            MissingError: there is no such set.
        """
        files, now = self._files(name), self._states.get(name)
        facts: dict[str, Any] = {
            "set": name,
            "files": [{"name": file, "size": size} for file, size in files],
            "error": now.error if now is not None and now.files == files else "",
        }
        if name in self._running:
            begun = now is not None and now.total > 0
            state: State = "preparing" if begun else "waiting"
            progress = {"done": now.done, "total": now.total, "name": now.name} if now else {}
            return facts | {"state": state, "progress": progress}
        if not files:
            return facts | {"state": "empty"}
        if facts["error"]:
            return facts | {"state": "failed"}
        with contextlib.suppress(PartitaError):  # damaged: it is made again
            index = read_index(self.path(name))
            if index is not None and _names(index) == {file for file, _ in files}:
                return facts | {"state": "ready"} | summary(index)
        return facts | {"state": "changed"}

    def _files(self, name: str) -> Files:
        return tuple((one.name, one.size) for one in self._sets.files(name))

    async def _cancel(self, name: str) -> None:
        if (task := self._running.get(name)) is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _prepare_until_unchanged(self, name: str) -> None:
        with contextlib.suppress(MissingError):  # the set was removed meanwhile
            while files := self._files(name):
                await self._prepare_once(name, files)
                if self._files(name) == files:
                    return

    async def _prepare_once(self, name: str, files: Files) -> None:
        state = self._states[name] = Preparation(files=files)
        try:
            async with self._free:
                await asyncio.wait_for(self._prepare(name, state), self._seconds)
        except TimeoutError:
            state.error = f"it takes more than {self._seconds / 60:.0f} minutes: give fewer recordings"
        except PartitaError as error:
            state.error = str(error)

    async def _prepare(self, name: str, state: Preparation) -> None:
        """Run the process and follow it."""
        async with child_process(MODULE, str(self._sets.folder(name)), str(self.path(name))) as process:
            assert process.stdout is not None
            async for line in process.stdout:
                try:
                    message = json.loads(line)
                except ValueError:  # of a library
                    continue
                if "error" in message:
                    raise PartitaError(message["error"])
                if "ok" in message:
                    return
                state.done, state.total, state.name = message["done"], message["total"], message["name"]
            raise PartitaError(
                "the process that prepares has ended, perhaps for lack of memory: give fewer recordings"
            )


def summary(index: dict[str, Any]) -> dict[str, Any]:
    """Return what a corpus has, for the page.

    Args:
        index: of the corpus.

    Returns:
        `kept`, with the seconds of each recording; `skipped`, with reasons; `notes` and `warnings`;
        `seconds` of each split; `held_out`, lines on what is held out; and whether it is `too_short`.
    """
    rate, seconds = index["sample_rate"], {"train": 0.0, "validation": 0.0, "test": 0.0}
    kept: dict[str, float] = {}
    for recording in index["recordings"]:
        length = sum(segment["length"] for segment in recording["segments"]) / rate
        seconds[recording["split"]] += length
        kept[recording["source"]] = kept.get(recording["source"], 0.0) + length
    notes = ((file["source"], file["note"]) for file in index["files"] if file.get("note"))
    return {
        "kept": [{"name": name, "seconds": round(length, 1)} for name, length in kept.items()],
        "skipped": [
            {"name": one["source"], "reason": one["reason"].partition(": to try it")[0]}
            for one in index["skipped"]
        ],
        "notes": group_notes(notes),
        "warnings": index["warnings"],
        "seconds": {split: round(length, 1) for split, length in seconds.items()},
        "held_out": [line.partition(";")[0] for line in index["held_out"]],
        "too_short": any(seconds[split] < least for split, least in LEAST_SECONDS.items()),
    }


def _names(index: dict[str, Any]) -> set[str]:
    """Return the names of all files that a corpus was made of, or that were skipped."""
    return {file["source"] for file in index["files"]} | {file["source"] for file in index["skipped"]}
