"""Prepare many recordings over the cores, reusing what an earlier corpus holds of those that didn't change.

Threads, not processes: decoding, resampling and array work all run outside Python's lock, and threads die
with the program.
"""

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from partita.audio.errors import MissingDecoderError, UnreadableError
from partita.data.corpus_writer import CorpusWriter, PreparedFile
from partita.data.preparation.progress import Progress
from partita.data.preparation.recording import Piece, Sound, prepare_recording
from partita.data.preparation.sources import Source
from partita.digests import samples_hash

VERSION = 4  # of the way recordings are prepared: a new number makes every corpus be prepared again


def sound_settings(sound: Sound) -> dict[str, Any]:
    """Return the settings that decide a recording's samples, as they stand in the index."""
    return {"version": VERSION, **asdict(sound)}


def prepare_all(
    sources: list[Source],
    sound: Sound,
    workspace: CorpusWriter,
    workers: int,
    progress: Progress,
    *,
    root: Path,
) -> list[PreparedFile]:
    """Return every source, in order: prepared, found unchanged in the old corpus, or skipped with its reason.

    Names are from `root`: one of another root's is another file.

    Raises:
        OSError: no room to write.
    """
    known = _Known.of(workspace, sound, root)
    stop = threading.Event()
    progress.expect(sum(source.size for source in sources))
    with ExitStack() as stores:
        stack: SimpleQueue[IO[bytes]] = SimpleQueue()
        for number in range(workers):
            stack.put(stores.enter_context((workspace.scratch / f"{number}.i16").open("wb")))
        job = _Job(sound, workspace, known, stop, progress, stack)
        pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="prepare")
        try:
            files = list(pool.map(job.run, sources))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return _without_copies(files)


@dataclass(frozen=True)
class _Known:
    by_name: Mapping[str, PreparedFile]
    by_digest: Mapping[str, PreparedFile]

    @classmethod
    def of(cls, workspace: CorpusWriter, sound: Sound, root: Path) -> "_Known":
        usable = workspace.old_settings == sound_settings(sound)
        old = workspace.old_files() if usable else []
        named = old if workspace.old_root == str(root) else []
        return cls({f.source: f for f in named}, {f.digest: f for f in old})


class _StoppedError(Exception):
    """Another recording's failure, or the user, ended the work."""


@dataclass(frozen=True)
class _Job:
    sound: Sound
    workspace: CorpusWriter
    known: _Known
    stop: threading.Event
    progress: Progress
    stores: SimpleQueue[IO[bytes]]  # one for each worker, so that small recordings need no file of their own

    def run(self, source: Source) -> PreparedFile:
        """Prepare one source, or find out why not."""
        if source.problem:
            self.progress.add(source.size, source.name)
            return self._file(source, "", reason=source.problem)
        old = self.known.by_name.get(source.name)
        if (
            old
            and old.digest
            and (old.size, old.mtime_ns) == (source.size, source.mtime_ns)
            and self._intact(old)
        ):
            self.progress.add(source.size, source.name)
            return old
        try:
            with source.path.open("rb") as file:
                digest = hashlib.file_digest(file, samples_hash).hexdigest()
        except OSError as error:
            self.progress.add(source.size, source.name)
            return self._file(source, "", reason=f"unreadable: {error.strerror or error}")
        if (same := self.known.by_digest.get(digest)) and self._intact(same):
            self.progress.add(source.size, source.name)
            return same.renamed(source.name, source.size, source.mtime_ns)
        return self._prepare(source, digest)

    def _intact(self, old: PreparedFile) -> bool:
        """Tell whether the old corpus still holds a file's samples; say so where it does not."""
        if intact := old.is_intact():
            return intact
        self.workspace.note_damaged(old)
        return False

    def _prepare(self, source: Source, digest: str) -> PreparedFile:
        heard = 0.0

        def advance(share: float) -> None:
            nonlocal heard
            if self.stop.is_set():
                raise _StoppedError
            self.progress.add((share - heard) * source.size, source.name)
            heard = share

        store = self.stores.get()
        offset = store.tell() // 2
        try:
            piece = prepare_recording(source.path, self.sound, store, self.workspace.scratch, advance)
        except MissingDecoderError as error:  # looked at anew next time: it may be installed then
            return self._file(source, "", reason=str(error))
        except UnreadableError as error:
            return self._file(source, digest, reason=str(error))
        finally:
            self.stores.put(store)
            self.progress.add((1 - heard) * source.size, source.name)
        file = self._file(source, digest, piece=piece)
        return replace(file, offset=offset, store=Path(store.name))

    def _file(
        self, source: Source, digest: str, *, piece: Piece | None = None, reason: str | None = None
    ) -> PreparedFile:
        return PreparedFile(
            source=source.name,
            size=source.size,
            mtime_ns=source.mtime_ns,
            digest=digest,
            reason=reason,
            stretches=tuple(piece.stretches) if piece else (),
            samples_digest=piece.digest if piece else "",
            note=piece.note if piece else None,
        )


def _without_copies(files: list[PreparedFile]) -> list[PreparedFile]:
    """Skip every later copy of a recording, which could stand in two splits at once.

    A copy has the same bytes, or the same sound in another lossless format or with other tags.
    """
    bytes_of: dict[str, str] = {}
    sound_of: dict[str, str] = {}
    result = []
    for file in files:
        kept = file
        if file.reason is None:
            if file.digest in bytes_of:
                kept = file.skipped(f"the same bytes as {bytes_of[file.digest]}")
            elif file.samples_digest in sound_of:
                kept = file.skipped(f"the same sound as {sound_of[file.samples_digest]}")
            else:
                bytes_of[file.digest] = sound_of[file.samples_digest] = file.source
        result.append(kept)
    return result
