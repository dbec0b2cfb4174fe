"""Decide which files clips are written to, before a model is loaded. Writes no clips.

Files that Partita drew may be replaced. Other files with the name of a clip, and the prompt, are not replaced
unless `force` is given.
"""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from partita import storage
from partita.audio.output_formats import FORMATS, format_of
from partita.errors import PartitaError
from partita.sampling.output.provenance import drawn_by_partita

CLIP = re.compile(r"clip-\d{2,}\.wav")
MOST_CLIPS = 100_000
NAMED = 3  # number of stale clips that a message names


@dataclass(frozen=True, kw_only=True)
class OutputPlan:
    """The files that clips are written to.

    Args:
        paths: a file for each clip.
        stale: clips of an earlier call in the same folder, which are removed when the new ones are written.
        prompt: the recording that the clips continue, which is not replaced; None without one.
        force: whether to replace files that Partita did not draw, and even the prompt.
    """

    paths: list[Path]
    stale: list[Path] = field(default_factory=list)
    prompt: str | Path | None = None
    force: bool = False

    def redirect(self, path: Path) -> Path:
        """Return the path if it is free or its file may be replaced, else a free path beside it.

        This is asked just before a file is written: other programs may have written there meanwhile.

        >>> import tempfile
        >>> take = Path(tempfile.mkdtemp()) / "take.wav"
        >>> outputs = plan_outputs(take, 1)
        >>> _ = take.write_bytes(b"precious")
        >>> outputs.redirect(take).name
        'take-2.wav'
        """
        try:
            _check_replaceable(path, self.prompt, force=self.force)
        except PartitaError:
            return free_path(path)
        return path

    def remove_stale(self) -> None:
        """Remove the clips of an earlier call, except those that were replaced by other files meanwhile."""
        for path in _drawn(self.stale, self.prompt):
            path.unlink(missing_ok=True)


def free_path(path: Path) -> Path:
    """Return the path if it is free, else the first free one of NAME-2, NAME-3, ...

    >>> free_path(Path("nowhere.wav")).name, free_path(Path(__file__)).name
    ('nowhere.wav', 'plan-2.py')
    """
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def clip_paths(out: str | Path, clips: int) -> list[Path]:
    """Return a path for each clip: `out` itself for one, clip-01.wav, ... in the folder `out` for several.

    One clip is written into a folder too if `out` is an existing folder or ends with a slash.

    Args:
        out: a file or a folder.
        clips: number of clips.

    Raises:
        PartitaError: `out` has to be a folder but is a file or has the suffix of one; its suffix is unknown;
            or the number of clips is out of range.

    >>> [path.as_posix() for path in clip_paths("music", 2)]
    ['music/clip-01.wav', 'music/clip-02.wav']
    >>> clip_paths("music/", 1)[0].as_posix()
    'music/clip-01.wav'
    """
    if not 1 <= clips <= MOST_CLIPS:
        raise PartitaError(f"`--clips` is {clips}: give 1 to {MOST_CLIPS}")
    if not str(out):
        raise PartitaError("`--out` is empty: give a file, or a folder with a slash at its end")
    named_as_folder, out = str(out).endswith(("/", os.sep)), Path(out)
    if clips == 1 and not named_as_folder and not out.is_dir():
        format_of(out)
        return [out]
    if out.exists() and not out.is_dir():
        wanted = f"{clips} clips need a folder" if clips > 1 else "a slash at its end names a folder"
        raise PartitaError(f"{out} is a file, but {wanted}: give another name")
    if not out.is_dir() and not named_as_folder and out.suffix.lower() in FORMATS:
        raise PartitaError(
            f"{out} is named as a file, but {clips} clips need a folder: give `--out {out.with_suffix('')}`"
        )
    width = max(2, len(str(clips)))
    return [out / f"clip-{number:0{width}d}.wav" for number in range(1, clips + 1)]


def plan_outputs(
    out: str | Path, clips: int, *, prompt: str | Path | None = None, force: bool = False
) -> OutputPlan:
    """Return the files to write, after checking that no other file is lost.

    Temporary files of writers that were killed are removed.

    Args:
        out: a file for one clip, a folder for several.
        clips: number of clips.
        prompt: the recording that the clips continue; None without one.
        force: replace any file with the name of a clip, and remove clips of an earlier call.

    Raises:
        PartitaError: a file with the name of a clip is the prompt, or was not drawn by Partita; the folder
            holds more clips of an earlier call; or the place can't be written to.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "take.wav").write_bytes(b"precious")
    >>> plan_outputs(folder / "new.wav", 1).paths[0].name
    'new.wav'
    >>> plan_outputs(folder / "take.wav", 1, force=True).paths[0].name
    'take.wav'
    """
    paths = clip_paths(out, clips)
    _check_writable(paths[0])
    for path in paths:
        _check_replaceable(path, prompt, force=force)
    folder = paths[0].parent
    in_folder = paths != [Path(out)]
    stale = _earlier_clips(folder, paths, prompt) if in_folder else []
    if stale and not force:
        names = ", ".join(path.name for path in stale[:NAMED]) + (", ..." if len(stale) > NAMED else "")
        raise PartitaError(
            f"{folder} holds {len(stale)} more of an earlier call's clips ({names}), which would stay among"
            " the new ones: give another folder, or give `--force` to remove them"
        )
    for path in [folder / "any"] if in_folder else paths:
        target = path.resolve()
        storage.remove_leftovers(target.parent, of=None if in_folder else target.name)
    return OutputPlan(paths=paths, stale=stale, prompt=prompt, force=force)


def _check_writable(path: Path) -> None:
    """Raise an error if no file can be created there, as far as this can be found out without trying."""
    try:
        place = path.resolve().parent if path.is_symlink() else path.absolute().parent
        while not place.exists() and place != place.parent:
            place = place.parent
    except OSError as error:
        raise PartitaError(f"{path} can't be used ({error.strerror}): write elsewhere") from None
    except RuntimeError:  # raised before Python 3.13 for links that lead to each other
        raise PartitaError(f"{path} is a link that leads back to itself: give another file") from None
    if not place.is_dir():
        raise PartitaError(f"{place} is a file, so no folder can be made below it: write elsewhere")
    if not os.access(place, os.W_OK | os.X_OK):
        raise PartitaError(f"{place} can't be written to: write elsewhere")


def _check_replaceable(path: Path, prompt: str | Path | None, *, force: bool) -> None:
    """Raise an error if a path is the prompt or a file that Partita did not draw, unless `force` is set."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise PartitaError(f"{path} can't be used ({error.strerror}): give another file") from None
    if stat.S_ISDIR(found.st_mode):
        raise PartitaError(f"{path} is a folder, where a clip would be written: give another")
    if not stat.S_ISREG(found.st_mode):
        raise PartitaError(f"{path} is not a regular file: give another path")
    if force:
        return
    remedy = "give another file, or give `--force` to replace it"
    if prompt is not None and same_file(path, prompt):
        raise PartitaError(f"{path} is the recording that `--prime` names: {remedy}")
    if found.st_size and not drawn_by_partita(path):
        raise PartitaError(f"{path} exists and is not marked as drawn by Partita: {remedy}")


def same_file(path: Path, other: str | Path) -> bool:
    """Return whether two paths are the same file, also through links and hard links.

    >>> same_file(Path(__file__), __file__), same_file(Path(__file__), "nowhere")
    (True, False)
    """
    try:
        return path.samefile(other)
    except OSError:
        return False


def _earlier_clips(folder: Path, paths: Sequence[Path], prompt: str | Path | None) -> list[Path]:
    """Return the clips that an earlier call drew in a folder and that the new ones do not replace."""
    if not folder.is_dir():
        return []
    new = {path.name for path in paths}
    found = sorted(path for path in folder.iterdir() if CLIP.fullmatch(path.name) and path.name not in new)
    return _drawn(found, prompt)


def _drawn(paths: Sequence[Path], prompt: str | Path | None) -> list[Path]:
    """Return the files that Partita drew, except the prompt."""
    return [
        path
        for path in paths
        if path.is_file()
        and not path.is_symlink()
        and drawn_by_partita(path)
        and not (prompt is not None and same_file(path, prompt))
    ]
