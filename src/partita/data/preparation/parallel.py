"""Prepare many recordings in parallel, and reuse the samples of unchanged recordings from the old corpus.

The work runs in threads rather than processes: decoding, resampling and array operations release Python's
global interpreter lock, and threads end with the program.
"""

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from partita.audio.errors import MissingDecoderError, UnreadableError
from partita.data.corpus_writer import CorpusWriter
from partita.data.preparation.recording import PreparedSound, SoundSettings, prepare_recording
from partita.data.preparation.sources import Source
from partita.data.preparation.summary import group_notes
from partita.data.prepared_file import PreparedFile, StorePart
from partita.digests import new_samples_hash
from partita.progress import WorkCounter


def prepare_all(
    sources: list[Source],
    settings: SoundSettings,
    writer: CorpusWriter,
    workers: int,
    progress: WorkCounter,
    *,
    root: Path,
) -> tuple[list[PreparedFile], list[str]]:
    """Prepare all sources that the old corpus does not hold unchanged.

    Args:
        sources: the files.
        settings: rate, level, trimming.
        writer: the corpus folder, whose scratch folder gets the samples.
        workers: number of threads.
        progress: receives the bytes of source files that are done.
        root: the folder that names are relative to. Names relative to another root are other files.

    Returns:
        A file for each source, in order, prepared or skipped with a reason; and warnings about samples of the
        old corpus that were damaged.

    Raises:
        OSError: the disk is full.
    """
    old = _OldFiles.read(writer, settings, root)
    stop = threading.Event()
    progress.expect(sum(source.size for source in sources))
    with ExitStack() as stack:
        stores: SimpleQueue[_Stores] = SimpleQueue()
        for number in range(workers):
            samples, pitch = (writer.scratch / f"{number}.{kind}" for kind in ("i16", "f32"))
            stores.put(
                _Stores(stack.enter_context(samples.open("wb")), stack.enter_context(pitch.open("wb")))
            )
        job = _Job(settings, writer.scratch, old, stop, progress, stores)
        pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="prepare")
        try:
            files = list(pool.map(job.run, sources))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    damaged = ((name, f"prepared again, since {store} was damaged") for name, store in job.damaged)
    return _skip_copies(files), group_notes(sorted(damaged))


@dataclass(frozen=True)
class _OldFiles:
    """The files of the old corpus that were prepared with the same settings."""

    by_name: Mapping[str, PreparedFile]
    by_digest: Mapping[str, PreparedFile]

    @classmethod
    def read(cls, writer: CorpusWriter, settings: SoundSettings, root: Path) -> "_OldFiles":
        usable = writer.old_settings == settings.as_json()
        old = writer.old_files() if usable else []
        same_root = old if writer.old_root == str(root) else []
        return cls({f.source: f for f in same_root}, {f.digest: f for f in old})


@dataclass(frozen=True)
class _Stores:
    """The scratch files of a thread, to which it appends the samples and the pitch of its recordings."""

    samples: IO[bytes]
    pitch: IO[bytes]

    def ends(self) -> tuple[int, int]:
        """Return the sizes of both files, bytes."""
        return self.samples.tell(), self.pitch.tell()

    def parts_since(self, ends: tuple[int, int]) -> tuple[StorePart, StorePart]:
        """Return the parts of both files that were written since they had these sizes."""
        samples, pitch = (
            StorePart(Path(file.name), begin, file.tell() - begin)
            for file, begin in zip((self.samples, self.pitch), ends, strict=True)
        )
        return samples, pitch


class _StoppedError(Exception):
    """The work was stopped by the user, or by an error in another thread."""


@dataclass(frozen=True)
class _Job:
    """What all threads share.

    Each thread takes one of `stores` while it prepares a recording, so that small recordings need no file of
    their own.
    """

    settings: SoundSettings
    scratch: Path
    old: _OldFiles
    stop: threading.Event
    progress: WorkCounter
    stores: SimpleQueue[_Stores]
    damaged: set[tuple[str, Path | None]] = field(default_factory=set)

    def run(self, source: Source) -> PreparedFile:
        """Prepare one source, or reuse its samples, or return the reason why it is skipped."""
        if source.problem:
            return self._finish(source, _prepared_file(source, "", reason=source.problem))
        old = self.old.by_name.get(source.name)
        unchanged = old and old.digest and (old.size, old.mtime_ns) == (source.size, source.mtime_ns)
        if old and unchanged and self._is_intact(old):
            return self._finish(source, old)
        try:
            with source.path.open("rb") as file:
                digest = hashlib.file_digest(file, new_samples_hash).hexdigest()
        except OSError as error:
            reason = f"unreadable: {error.strerror or error}"
            return self._finish(source, _prepared_file(source, "", reason=reason))
        if (same := self.old.by_digest.get(digest)) and self._is_intact(same):
            return self._finish(source, same.renamed(source.name, source.size, source.mtime_ns))
        return self._prepare(source, digest)

    def _finish(self, source: Source, file: PreparedFile) -> PreparedFile:
        self.progress.add(source.size, source.name)
        return file

    def _is_intact(self, old: PreparedFile) -> bool:
        """Return whether the old corpus still holds a file's samples and pitch; remember a damaged one."""
        store = old.damaged_store()
        if store is not None:
            self.damaged.add((old.source, store))
        return store is None

    def _prepare(self, source: Source, digest: str) -> PreparedFile:
        reported = 0.0

        def report(share: float) -> None:
            nonlocal reported
            if self.stop.is_set():
                raise _StoppedError
            self.progress.add((share - reported) * source.size, source.name)
            reported = share

        stores = self.stores.get()
        begin = stores.ends()
        arguments = (self.settings, stores.samples, self.scratch, report, stores.pitch)
        try:
            sound = prepare_recording(source.path, *arguments)
            return _stored(_prepared_file(source, digest), sound, stores.parts_since(begin))
        except MissingDecoderError as error:  # no digest: the decoder may be installed next time
            return _prepared_file(source, "", reason=str(error))
        except UnreadableError as error:
            return _prepared_file(source, digest, reason=str(error))
        finally:
            self.stores.put(stores)
            self.progress.add((1 - reported) * source.size, source.name)


def _prepared_file(source: Source, digest: str, *, reason: str | None = None) -> PreparedFile:
    return PreparedFile(
        source=source.name,
        size=source.size,
        mtime_ns=source.mtime_ns,
        digest=digest,
        reason=reason,
        stretches=(),
        samples_digest="",
    )


def _stored(file: PreparedFile, sound: PreparedSound, parts: tuple[StorePart, StorePart]) -> PreparedFile:
    """Return the file, of which only the source is known, with all that was prepared."""
    return replace(
        file,
        stretches=tuple(sound.stretches),
        samples_digest=sound.digest,
        pitch_digest=sound.pitch_digest,
        note=sound.note,
        samples_part=parts[0],
        pitch_part=parts[1],
    )


def _skip_copies(files: list[PreparedFile]) -> list[PreparedFile]:
    """Skip every later copy of a recording, which could otherwise be in two splits.

    A copy has the same bytes, or the same sound in another lossless format or with other tags.
    """
    name_of_bytes: dict[str, str] = {}
    name_of_sound: dict[str, str] = {}
    result = []
    for file in files:
        entry = file
        if file.reason is None:
            if file.digest in name_of_bytes:
                entry = file.skipped(f"the same bytes as {name_of_bytes[file.digest]}")
            elif file.samples_digest in name_of_sound:
                entry = file.skipped(f"the same sound as {name_of_sound[file.samples_digest]}")
            else:
                name_of_bytes[file.digest] = name_of_sound[file.samples_digest] = file.source
        result.append(entry)
    return result
