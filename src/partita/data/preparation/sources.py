"""Find the recordings among files and folders, by name and size alone: nothing is opened or written."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from partita.audio.decoding import HEADERLESS_SUFFIXES
from partita.errors import PartitaError
from partita.filenames import shown

COMMON = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".aif", ".aiff", ".aifc")
READABLE = frozenset((*COMMON, ".w64", ".rf64", ".au", ".snd", ".caf"))
COMPRESSED = (  # decoded through FFmpeg where it is installed; sound tracks of videos too
    *(".m4a", ".m4b", ".aac", ".wma", ".ape", ".wv", ".ac3", ".eac3", ".amr", ".dsf", ".mka", ".mpc", ".tta"),
    *(".tak", ".dts", ".spx", ".3gp", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".flv"),
)
OTHER_AUDIO = frozenset((*COMPRESSED, *HEADERLESS_SUFFIXES))
MADE_HERE = "made-by-partita.txt"
"""A file of this name says that the sound beside it comes from Partita: it is no recording to learn from."""
MADE_PROBLEM = "sound made by Partita: to have it used, name the folder itself"
UNREADABLE_FOLDER = "a folder that can't be read: change its permissions"
NOT_AUDIO = "not audio by its name: to have it tried, name the file itself"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that may be a recording.

    Args:
        path: where it is.
        name: its path from `root`, with forward slashes: what the index and globs call it. Bytes in it that
            are no text stand as escapes.
        size: bytes.
        mtime_ns: when it was last changed.
        problem: why it can't be used, when the name or stat shows that already.
    """

    path: Path
    name: str
    size: int
    mtime_ns: int
    problem: str | None = None


def find_sources(recordings: Sequence[str | Path], out: Path) -> tuple[Path, list[Source]]:
    """Return the folder that all names start from, and every file, sorted by name.

    Folders are searched all the way down; what does not end as audio files do is kept with that as its
    problem, but a file named outright is taken whatever its suffix. The output folder and hidden files are
    left out; a folder of sound that Partita made is kept with that as its problem, unless it is given.

    Args:
        recordings: files and folders.
        out: the corpus folder, which may lie inside a folder of recordings.

    Raises:
        PartitaError: nothing given, a path that doesn't exist, or no audio file anywhere.
    """
    if not recordings:
        raise PartitaError("`recordings` is empty: name at least one audio file or folder of audio files")
    given = [Path(r).expanduser() for r in recordings]
    for path in given:
        if not path.exists():
            raise PartitaError(f"{path} does not exist: name an audio file or a folder of audio files")
    tops = [path.resolve() if path.is_dir() else path.resolve().parent for path in given]
    root = _common_folder(tops)
    found: dict[Path, Source] = {}
    for path in given:
        named = not path.is_dir()
        for file in [path.resolve()] if named else _files(path.resolve(), out.resolve()):
            found.setdefault(file.resolve(), _describe(file, root, named=named))
    if all(source.problem == NOT_AUDIO for source in found.values()):
        where = ", ".join(str(path) for path in given)
        raise PartitaError(
            f"{where} holds no audio file: give a folder with WAV, FLAC, Ogg, Opus, MP3, AIFF or M4A files"
        )
    return root, _told_apart(sorted(found.values(), key=lambda source: source.name))


def _told_apart(sources: list[Source]) -> list[Source]:
    """Give a problem to a file whose name, with escapes, is that of another."""
    problem = "another file has the same name with escapes in it: rename it"
    names = [source.name for source in sources]
    again = [one == other for one, other in zip(names, [None, *names], strict=False)]
    return [
        replace(source, problem=problem) if same else source
        for source, same in zip(sources, again, strict=True)
    ]


def _common_folder(tops: list[Path]) -> Path:
    try:
        return Path(os.path.commonpath(tops))
    except ValueError:  # several drives
        return Path(tops[0].anchor)


def _files(folder: Path, out: Path) -> Iterator[Path]:
    """Yield every file, and every folder that can't be read or was made here; each folder once, links last.

    A link that leads out to a folder around the given one is not followed: it would bring in everything.
    """
    unreadable: list[Path] = []
    seen: set[Path] = set()
    tops = [folder]
    while tops:
        for where, folders, files in os.walk(
            tops.pop(0), onerror=lambda error: unreadable.append(Path(error.filename))
        ):
            here = Path(where)
            inside = [here / name for name in sorted(folders) if not name.startswith(".")]
            folders.clear()
            if here.resolve() in seen or (here.resolve() == out and here != folder):
                continue
            seen.add(here.resolve())
            if here != folder and MADE_HERE in files:
                yield here
                continue
            links = [path for path in inside if path.is_symlink()]
            folders.extend(path.name for path in inside if path not in links)
            tops += [link for link in links if not folder.is_relative_to(link.resolve())]
            yield from (here / name for name in files if not name.startswith(".") and name != MADE_HERE)
    yield from unreadable


def _describe(file: Path, root: Path, *, named: bool) -> Source:
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()
    written, problem = shown(name), None
    try:
        stat = file.stat()
    except OSError as error:
        return Source(path=file, name=written, size=0, mtime_ns=0, problem=f"unreadable: {error.strerror}")
    if file.is_dir():
        made = (file / MADE_HERE).exists()
        problem = MADE_PROBLEM if made else UNREADABLE_FOLDER
        return Source(path=file, name=written, size=0, mtime_ns=0, problem=problem)
    if not named and file.suffix.lower() not in READABLE | OTHER_AUDIO:
        problem = NOT_AUDIO
    elif stat.st_size == 0:
        problem = "empty: the file has no bytes"
    return Source(path=file, name=written, size=stat.st_size, mtime_ns=stat.st_mtime_ns, problem=problem)
