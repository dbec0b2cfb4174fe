"""Run the process that reads an uploaded file, and end it if it takes too long. Nothing is read here."""

import asyncio
import json
from pathlib import Path

from partita.app.child.running import child_process
from partita.errors import PartitaError

SECONDS = 120.0
MODULE = "partita.app.uploads.decode"


async def decode(source: Path, target: Path, kind: str, *, seconds: float = SECONDS) -> float:
    """Read an uploaded file in a process of its own, and return how long its sound or score is.

    Args:
        source: the uploaded file.
        target: the file to write.
        kind: `sound` or `score`.
        seconds: the time that the process may take.

    Returns:
        seconds of sound, or of a score.

    Raises:
        PartitaError: the file can't be read, or reading it takes too long or too much memory.
    """
    async with child_process(MODULE, str(source), str(target), kind) as process:
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError:
            raise PartitaError(f"it takes more than {seconds:.0f} s to read: give a shorter file") from None
    found = {} if process.returncode else json.loads(printed or b"{}")
    if "seconds" not in found:
        raise PartitaError(found.get("error", "it can't be read: give another file"))
    return float(found["seconds"])
