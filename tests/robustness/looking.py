"""What lies below a folder: names and sizes, in a form in which two folders can be compared."""

import os
import re
from contextlib import suppress
from pathlib import Path


def sizes_below(folder: Path) -> set[tuple[str, int]]:
    """Return the names and sizes of all that is below a folder now."""
    found = set()
    for where, folders, files in os.walk(folder):
        found |= {(f"{where}/{name}", 0) for name in folders}
        for name in files:
            with suppress(FileNotFoundError):
                found.add((f"{where}/{name}", Path(where, name).stat().st_size))
    return found


def names_below(folder: Path) -> set[str]:
    """Return all names below a folder, with steps and what a name has of the time made alike."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {re.sub(r"step-\d+", "step-N", re.sub(r"events\.out.*", "events", name)) for name in names}


def is_hidden(name: str) -> bool:
    """Whether a name, or a folder in it, is of the kind that writers use until they are done."""
    return any(part.startswith(".") or part.endswith(".part") for part in Path(name).parts)
