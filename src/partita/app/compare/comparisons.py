"""Finished comparisons and the clips that they kept. No sound is read here.

FOLDER/clips/ARM/NUMBER.flac     the clip of an arm after prompt NUMBER; the arm `real` is real sound
"""

from dataclasses import dataclass
from pathlib import Path

from partita.app.web.errors import MissingError
from partita.app.web.naming import unused_name

CLIPS, SUFFIX, REAL = "clips", ".flac", "real"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A finished comparison.

    Args:
        name: unique among all comparisons of the page.
        clips: arm -> the numbers of its clips, real sound first.
        folder: where it is.
    """

    name: str
    clips: dict[str, list[int]]
    folder: Path

    def clip(self, arm: str, number: int) -> Path:
        """Return the path of a clip.

        Args:
            arm: one of `clips`.
            number: of the prompt.

        Raises:
            MissingError: there is no such clip, or not any more.
        """
        path = self.folder / CLIPS / arm / f"{number}{SUFFIX}"
        if number not in self.clips.get(arm, ()) or not path.is_file():
            raise MissingError("this clip is not there any more: load the page again")
        return path


def is_comparison(folder: Path) -> bool:
    """Return whether a folder is a comparison that has kept clips.

    Args:
        folder: any path.

    >>> is_comparison(Path("nowhere"))
    False
    """
    return any(folder.glob(f"{CLIPS}/*/*{SUFFIX}"))


def comparisons_in(folders: tuple[Path, ...]) -> dict[str, Comparison]:
    """Return the comparisons among folders, and those in them, by name.

    Args:
        folders: comparisons, or folders of comparisons.
    """
    found: dict[str, Comparison] = {}
    for outer in folders:
        inner = [outer] if is_comparison(outer) else sorted(filter(is_comparison, outer.glob("*")))
        for folder in inner:
            name = unused_name(folder.absolute().name, found)
            found[name] = Comparison(name=name, clips=_clips(folder), folder=folder.absolute())
    return found


def _clips(folder: Path) -> dict[str, list[int]]:
    arms = sorted(path.name for path in (folder / CLIPS).iterdir() if path.is_dir())
    arms.sort(key=lambda arm: arm != REAL)
    numbers = {arm: _numbers(folder / CLIPS / arm) for arm in arms}
    return {arm: found for arm, found in numbers.items() if found}


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())
