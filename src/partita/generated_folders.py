"""Mark folders of generated audio, so that they are not used as recordings by mistake.

The mark is a text file in the folder. This file does not mark single audio files; a clip has a comment in its
own header.
"""

from pathlib import Path

from partita.storage import write_text

GENERATED_MARKER = "made-by-partita.txt"
"""Name of the marker file. `prepare` skips a folder that holds it, unless the user names that folder."""


def mark_generated(folder: Path, description: str) -> None:
    """Mark a folder as one of generated audio.

    Args:
        folder: an existing folder.
        description: one sentence on what the folder holds, written to the marker file.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> mark_generated(folder, "Clips of a model.")
    >>> is_generated(folder)
    True
    """
    write_text(folder / GENERATED_MARKER, f"{description}\n")


def is_generated(folder: Path) -> bool:
    """Return whether a folder is marked as one of generated audio.

    >>> is_generated(Path("nowhere"))
    False
    """
    return (folder / GENERATED_MARKER).exists()
