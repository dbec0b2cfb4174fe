"""Which recordings the words of `--test` and `--validation` name. Opens no files and knows no splits."""

import re
from collections.abc import Iterable
from fnmatch import translate


class Names:
    """The paths of all recordings, sorted so that words are found quickly among many.

    Args:
        paths: of the recordings, with forward slashes.

    >>> sorted(Names(["take1.wav", "take2.wav", "take[12].wav"]).named_by("take[12].wav"))
    ['take[12].wav']
    >>> sorted(Names(["a/take1.wav", "a/take2.wav"]).named_by("take[12].wav"))
    ['a/take1.wav', 'a/take2.wav']
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._by_file: dict[str, set[str]] = {}
        for path in self._paths:
            self._by_file.setdefault(path.rpartition("/")[2], set()).add(path)

    def named_by(self, word: str) -> set[str]:
        """Return the recordings that a word names: the exact path, else the exact file name, else a glob.

        So a name with brackets, which a glob would read as a choice of letters, names its own file alone.

        Args:
            word: a path, a file name, or a glob.
        """
        return self.exact(word) or self.fitting(word)

    def exact(self, word: str) -> set[str]:
        """Return the recording of this path, else those of this file name.

        >>> sorted(Names(["a/1.wav", "b/1.wav"]).exact("1.wav")), Names(["a/1.wav"]).exact("*.wav")
        (['a/1.wav', 'b/1.wav'], set())
        """
        return {word} if word in self._paths else set(self._by_file.get(word, ()))

    def fitting(self, glob: str) -> set[str]:
        """Return the recordings whose path or file name a glob fits; `*` also stands for slashes.

        >>> names = Names(["john-garner/bwv1002_mov8.mp3"])
        >>> names.fitting("*mov8*") == names.fitting("bwv*") == names.fitting("john*") != set()
        True
        """
        fits = re.compile(translate(glob)).match
        found = {path for path in self._paths if fits(path)}
        return found.union(*(paths for file, paths in self._by_file.items() if fits(file)))
