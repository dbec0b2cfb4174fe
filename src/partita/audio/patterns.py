"""Which recordings the words of `--test` and `--validation` name. Opens no files and knows no splits."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath


def named_by(word: str, names: Iterable[str]) -> set[str]:
    """Return the recordings that a word names: the exact path, else the exact file name, else a glob.

    So a name with brackets, which a glob would read as a choice of letters, names its own file alone.

    Args:
        word: a path, a file name, or a glob.
        names: the paths of all recordings, with forward slashes.

    >>> sorted(named_by("take[12].wav", ["take1.wav", "take2.wav", "take[12].wav"]))
    ['take[12].wav']
    >>> sorted(named_by("take[12].wav", ["a/take1.wav", "a/take2.wav"]))
    ['a/take1.wav', 'a/take2.wav']
    """
    names = set(names)
    if word in names:
        return {word}
    exact = {name for name in names if PurePosixPath(name).name == word}
    return exact or {name for name in names if fits(word, name)}


def fits(glob: str, name: str) -> bool:
    """Tell whether a glob fits a recording's path or its file name; `*` also stands for slashes.

    >>> fits("*mov8*", "john-garner/bwv1002_mov8.mp3"), fits("bwv*", "john-garner/bwv1002_mov8.mp3")
    (True, True)
    """
    return fnmatchcase(name, glob) or fnmatchcase(PurePosixPath(name).name, glob)
