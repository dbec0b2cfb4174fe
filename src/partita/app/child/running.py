"""Start a module as a process of its own, and end it. This file does not know what it does."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def child_process(module: str, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process that runs a module; it is killed at the end, if it still runs.

    Its standard output can be read. What it says on standard error is dropped.

    Args:
        module: as for `python -m`.
        words: its arguments.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
