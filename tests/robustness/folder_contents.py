"""List the names and sizes of the files in a folder, in a form that can be compared."""

import os
import re
from contextlib import suppress
from pathlib import Path


def sizes_below(folder: Path) -> set[tuple[str, int]]:
    """Return the names and sizes of all files and folders below a folder."""
    found = set()
    for where, folders, files in os.walk(folder):
        found |= {(f"{where}/{name}", 0) for name in folders}
        for name in files:
            with suppress(FileNotFoundError):
                found.add((f"{where}/{name}", Path(where, name).stat().st_size))
    return found


def names_below(folder: Path) -> set[str]:
    """Return all names below a folder, with step numbers and time stamps replaced by constants."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {re.sub(r"step-\d+", "step-N", re.sub(r"events\.out.*", "events", name)) for name in names}


def is_hidden(name: str) -> bool:
    """Return whether a name, or a folder in it, is a temporary name of an unfinished write."""
    return any(part.startswith(".") or part.endswith(".part") for part in Path(name).parts)
