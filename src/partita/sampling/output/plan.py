"""Where clips go, and what must not be lost there: asked before a model is loaded. Writes nothing.

Files that Partita drew may be replaced by new ones. All else that has a clip's name, and the prompt, stays
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
from partita.sampling.output.provenance import is_generated_clip

CLIP = re.compile(r"clip-\d{2,}\.wav")
MOST_CLIPS = 100_000
NAMED = 3  # stale clips that a message names


@dataclass(frozen=True, kw_only=True)
class OutputPlan:
    """The files that clips are written to.

    Args:
        paths: one for each clip.
        stale: clips of an earlier call in the same folder, to be removed when the new ones are there.
        prompt: a recording that the clips continue, which is not replaced.
        force: whether files that Partita did not draw are replaced, even the prompt.
    """

    paths: list[Path]
    stale: list[Path] = field(default_factory=list)
    prompt: str | Path | None = None
    force: bool = False

    def redirect(self, path: Path) -> Path:
        """Return the path itself if what is there now may be replaced, else a free one beside it.

        Drawing takes time, in which other programs write too.

        >>> import tempfile
        >>> take = Path(tempfile.mkdtemp()) / "take.wav"
        >>> outputs = plan_outputs(take, 1)
        >>> _ = take.write_bytes(b"precious")
        >>> outputs.redirect(take).name
        'take-2.wav'
        """
        try:
            _demand_replaceable(path, self.prompt, force=self.force)
        except PartitaError:
            return free_path(path)
        return path

    def remove_stale(self) -> None:
        """Remove the clips of an earlier call, if there are any and they still are what they were."""
        for path in _ours(self.stale, self.prompt):
            path.unlink(missing_ok=True)


def free_path(path: Path) -> Path:
    """Return the path itself if nothing is there, else the first of NAME-2, NAME-3, ... that is free.

    >>> free_path(Path("nowhere.wav")).name, free_path(Path(__file__)).name
    ('nowhere.wav', 'plan-2.py')
    """
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def clip_paths(out: str | Path, clips: int) -> list[Path]:
    """Return a path for each clip: `out` itself for one, clip-01.wav ... in the folder `out` for several.

    One clip goes into a folder too where `out` is one, or ends as a folder's name does, with a slash.

    Raises:
        PartitaError: `out` must be a folder but is a file or named as one, its suffix names no format, or
            there are no clips or too many.

    >>> [path.as_posix() for path in clip_paths("music", 2)]
    ['music/clip-01.wav', 'music/clip-02.wav']
    >>> clip_paths("music/", 1)[0].as_posix()
    'music/clip-01.wav'
    """
    if not 1 <= clips <= MOST_CLIPS:
        raise PartitaError(f"`--clips` is {clips}: give 1 to {MOST_CLIPS}")
    if not str(out):
        raise PartitaError("`--out` is empty: name a file, or a folder with a slash at its end")
    named_as_folder, out = str(out).endswith(("/", os.sep)), Path(out)
    if clips == 1 and not named_as_folder and not out.is_dir():
        format_of(out)
        return [out]
    if out.exists() and not out.is_dir():
        wanted = f"{clips} clips need a folder" if clips > 1 else "its name is given as a folder's"
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
    """Return where to write, having made sure that nothing is lost there, and clear what killed writers left.

    Args:
        out: a file for one clip, a folder for several.
        clips: how many.
        prompt: a recording that the clips continue.
        force: replace whatever has the name of a clip, and remove clips of an earlier call.

    Raises:
        PartitaError: a file of that name is the prompt, or was not drawn by Partita; the folder holds more
            clips, of an earlier call; or nothing can be written there.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "take.wav").write_bytes(b"precious")
    >>> plan_outputs(folder / "new.wav", 1).paths[0].name
    'new.wav'
    >>> plan_outputs(folder / "take.wav", 1, force=True).paths[0].name
    'take.wav'
    """
    paths = clip_paths(out, clips)
    _demand_writable(paths[0])
    for path in paths:
        _demand_replaceable(path, prompt, force=force)
    folder = paths[0].parent
    in_folder = paths != [Path(out)]
    stale = _earlier_clips(folder, paths, prompt) if in_folder else []
    if stale and not force:
        names = ", ".join(path.name for path in stale[:NAMED]) + (", ..." if len(stale) > NAMED else "")
        raise PartitaError(
            f"{folder} holds {len(stale)} more of an earlier call's clips ({names}), which would stay among"
            " the new ones: name another folder, or give `--force` to remove them"
        )
    for path in [folder / "any"] if in_folder else paths:
        target = path.resolve()
        storage.clear_leftovers(target.parent, of=None if in_folder else target.name)
    return OutputPlan(paths=paths, stale=stale, prompt=prompt, force=force)


def _demand_writable(path: Path) -> None:
    """Refuse a place where no file can be made, as far as that can be known before trying."""
    try:
        place = path.resolve().parent if path.is_symlink() else path.absolute().parent
        while not place.exists() and place != place.parent:
            place = place.parent
    except OSError as error:
        raise PartitaError(f"{path} can't be used ({error.strerror}): write elsewhere") from None
    except RuntimeError:  # what Python before 3.13 says of links that lead to each other
        raise PartitaError(f"{path} is a link that leads back to itself: name another file") from None
    if not place.is_dir():
        raise PartitaError(f"{place} is a file, so no folder can be made below it: write elsewhere")
    if not os.access(place, os.W_OK | os.X_OK):
        raise PartitaError(f"{place} can't be written to: write elsewhere")


def _demand_replaceable(path: Path, prompt: str | Path | None, *, force: bool) -> None:
    """Refuse to replace what Partita did not draw, and the prompt."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise PartitaError(f"{path} can't be used ({error.strerror}): name another file") from None
    if stat.S_ISDIR(found.st_mode):
        raise PartitaError(f"{path} is a folder, where a clip would be written: name another")
    if not stat.S_ISREG(found.st_mode):
        raise PartitaError(f"{path} is not a regular file: give another path")
    if force:
        return
    remedy = "name another file, or give `--force` to replace it"
    if prompt is not None and same_file(path, prompt):
        raise PartitaError(f"{path} is the recording that `--prime` names: {remedy}")
    if found.st_size and not is_generated_clip(path):
        raise PartitaError(f"{path} exists and does not say that Partita drew it: {remedy}")


def same_file(path: Path, other: str | Path) -> bool:
    """Return whether two names lead to one file, through links and hard links too.

    >>> same_file(Path(__file__), __file__), same_file(Path(__file__), "nowhere")
    (True, False)
    """
    try:
        return path.samefile(other)
    except OSError:
        return False


def _earlier_clips(folder: Path, paths: Sequence[Path], prompt: str | Path | None) -> list[Path]:
    """Return the clips in a folder that an earlier call drew there and that the new ones do not replace."""
    if not folder.is_dir():
        return []
    new = {path.name for path in paths}
    found = sorted(path for path in folder.iterdir() if CLIP.fullmatch(path.name) and path.name not in new)
    return _ours(found, prompt)


def _ours(paths: Sequence[Path], prompt: str | Path | None) -> list[Path]:
    """Return those of the files that Partita drew and that are not the prompt."""
    return [
        path
        for path in paths
        if path.is_file()
        and not path.is_symlink()
        and is_generated_clip(path)
        and not (prompt is not None and same_file(path, prompt))
    ]
