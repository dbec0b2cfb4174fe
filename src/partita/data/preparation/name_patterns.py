"""Match the words of `--test` and `--validation` to recordings. This module opens no files."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from pathlib import Path

from partita.filenames import readable_filename


class RecordingNames:
    """The names of all recordings, indexed so that many words are looked up quickly.

    Args:
        paths: relative paths of the recordings, with forward slashes.

    >>> sorted(RecordingNames(["take1.wav", "take2.wav", "take[12].wav"]).find("take[12].wav"))
    ['take[12].wav']
    >>> sorted(RecordingNames(["a/take1.wav", "a/take2.wav"]).find("take[12].wav"))
    ['a/take1.wav', 'a/take2.wav']
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._by_file: dict[str, set[str]] = {}
        for path in self._paths:
            self._by_file.setdefault(path.rpartition("/")[2], set()).add(path)

    def find(self, word: str) -> set[str]:
        """Return the recordings with this path, else those with this file name, else those that match a glob.

        A file name with brackets, which a glob reads as a choice of letters, therefore finds its own file.

        Args:
            word: a path, a file name, or a glob.
        """
        return self.exact(word) or self.matching(word)

    def exact(self, word: str) -> set[str]:
        """Return the recording with this path, else the recordings with this file name.

        >>> names = RecordingNames(["a/1.wav", "b/1.wav"])
        >>> sorted(names.exact("1.wav")), names.exact("*.wav")
        (['a/1.wav', 'b/1.wav'], set())
        """
        return {word} if word in self._paths else set(self._by_file.get(word, ()))

    def matching(self, glob: str) -> set[str]:
        """Return the recordings whose path or file name matches a glob; `*` also matches slashes.

        >>> names = RecordingNames(["john-garner/bwv1002_mov8.mp3"])
        >>> names.matching("*mov8*") == names.matching("bwv*") == names.matching("john*") != set()
        True
        """
        matches = re.compile(translate(glob)).match
        found = {path for path in self._paths if matches(path)}
        return found.union(*(paths for file, paths in self._by_file.items() if matches(file)))


def relative_to_root(words: Sequence[str], root: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Rewrite words that are paths from the working folder, as a shell completes them, as paths from `root`.

    Args:
        words: paths, file names or globs, as the user typed them.
        root: the folder that the names of recordings are relative to.
        names: the names of all recordings.

    Returns:
        One word for each given word; a word that is not such a path is unchanged.

    >>> relative_to_root(["takes/1.wav", "*.flac"], Path("takes").resolve(), ["1.wav", "2.wav"])
    ('1.wav', '*.flac')
    """
    known = RecordingNames(names)
    return tuple(
        readable_filename(word) if known.exact(readable_filename(word)) else _rewrite(word, root, known)
        for word in words
    )


def _rewrite(word: str, root: Path, known: RecordingNames) -> str:
    """Rewrite a word that is not the exact name of a recording; globs are tried last, since they are slow."""
    path = Path(word).resolve()
    if not path.is_relative_to(root):
        return readable_filename(word)
    relative = readable_filename(path.relative_to(root).as_posix())
    return (
        relative
        if known.exact(relative) or not known.matching(readable_filename(word))
        else readable_filename(word)
    )
