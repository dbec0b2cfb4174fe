"""The process that trains: it is a session of its own, and its output goes to a log file beside the run.

The process holds a lock on its log file. So a server that was restarted sees whether it still runs, without
mistaking another process of the same number for it. This file does not know what is trained.
"""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from partita import storage
from partita.errors import PartitaError

TAIL_BYTES = 8192


def start(arguments: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start `partita` with arguments; its output is appended to a log file, which it locks.

    Args:
        arguments: of `partita`.
        log: the file, made if it is absent.

    Raises:
        PartitaError: a process holds the lock already.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        if not _locked(file.fileno()):
            raise PartitaError(f"another process writes to {log}: wait until it is done")
        file.write(time.strftime("--- %Y-%m-%d %H:%M:%S\n").encode())
        file.flush()
        return subprocess.Popen(
            [sys.executable, "-m", "partita", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C in the terminal of the server reaches the server alone
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )


def is_running(log: Path) -> bool | None:
    """Return whether a process holds the lock of a log file; None where the system has no locks.

    Args:
        log: the log file.
    """
    if not storage.HAS_LOCKS:
        return None
    try:
        with log.open("rb") as file:
            return not _locked(file.fileno())
    except OSError:
        return False


def ask_to_stop(number: int) -> None:
    """Ask a process to save and to stop, as Ctrl-C does.

    Without signals (Windows) it is ended; the run goes on from its newest checkpoint.

    Args:
        number: of the process.
    """
    with contextlib.suppress(OSError):  # it has just ended
        os.kill(number, signal.SIGTERM)


def last_lines(log: Path, count: int = 1) -> list[str]:
    """Return the last lines of the newest session of a log file that are not empty.

    Args:
        log: the log file, which may be absent.
        count: how many, at most.

    >>> last_lines(Path("nowhere"))
    []
    """
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    starts = [at for at, line in enumerate(lines) if line.startswith("--- ")]
    return [line for line in lines[starts[-1] + 1 if starts else 0 :] if line][-count:]


def _locked(handle: int) -> bool:
    """Try to lock an open file; return whether this succeeded, or there are no locks."""
    if not storage.HAS_LOCKS:
        return True
    fcntl = importlib.import_module("fcntl")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks
        return True
    return True
