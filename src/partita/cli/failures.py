"""Messages for errors that are no `PartitaError`: of the operating system, of memory, and bugs in Partita.

This file prints nothing.
"""

import errno

from partita.storage import DISK_FULL_ERRORS

SYSTEM_REMEDIES = {
    **dict.fromkeys(DISK_FULL_ERRORS, "make room on the disk, or write elsewhere"),
    errno.EROFS: "write elsewhere",
    errno.EACCES: "change its permissions, or give another path",
    errno.EPERM: "change its permissions, or give another path",
    errno.ENOTDIR: "give a folder where one is needed",
    errno.EISDIR: "give a file where one is needed",
    errno.ENOENT: "check the path",
    errno.EEXIST: "give another",
    errno.ELOOP: "give a path whose links lead to a file or a folder",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EMFILE: "close other programs, or allow more open files with `ulimit -n`",
    errno.ENFILE: "close other programs",
}
"""What to do about an error of the operating system, by its number."""

MEMORY_REMEDIES = {
    "prepare": "give a lower `--workers`",
    "train": (
        "give a smaller `--batch`, `--targets` or `--size`, or fewer `--preview-clips`, and another `--out`"
    ),
    "generate": "give fewer `--clips` or `--particles`, or a shorter `--prime`",
    "evaluate": "give fewer `--clips` or fewer `--seconds`",
    "demo": "give a smaller `--size`, or fewer recordings",
    "compare": "give fewer `--clips`, `--long-clips` or `--workers`, or a smaller `--batch` or `--targets`",
    "arena": "give fewer `--clips`, `--samples` or `--workers`, or a smaller `--batch` or `--targets`",
    "bench": "give a smaller `--size`",
    "serve": "close other programs, or give fewer `--threads`",
    **dict.fromkeys(("models", "completion", "doctor"), "close other programs"),
}
"""What to do if a subcommand has not enough memory."""

_MEMORY_WORDS = (
    "out of memory",  # PyTorch on CUDA
    "can't allocate memory",  # PyTorch on a CPU
    "not enough memory",  # the same on Windows
    "cannot allocate memory",  # the operating system, passed on
    "std::bad_alloc",
    "alloc_failed",  # CUDA libraries, for example CUBLAS_STATUS_ALLOC_FAILED
    "array is too big",  # NumPy
    "maximum allowed dimension exceeded",  # NumPy
    "storage size calculation overflowed",  # PyTorch
)


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error, or the one that it was raised from, means that there is not enough memory.

    Errors of PyTorch and NumPy are recognised by their messages, so that neither is imported.

    >>> lacks_memory(MemoryError()), lacks_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
    (True, True)
    >>> lacks_memory(RuntimeError("shapes differ"))
    False
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM):
            return True
        if isinstance(cause, RuntimeError | ValueError) and any(
            sign in str(cause).lower() for sign in _MEMORY_WORDS
        ):
            return True
        cause = cause.__cause__
    return False


def is_bug(error: Exception) -> bool:
    """Return whether an error is a bug in Partita, and not one of the operating system or of memory.

    >>> is_bug(RuntimeError("shapes differ")), is_bug(PermissionError(13, "Permission denied"))
    (True, False)
    """
    expected = isinstance(error, OSError) and error.errno in SYSTEM_REMEDIES
    return not (expected or lacks_memory(error))


def message_of(error: Exception, name: str) -> str:
    """Return the line that reports an error, with what to do.

    Args:
        error: any error but a `PartitaError`.
        name: the subcommand.

    >>> message_of(MemoryError(), "prepare")
    'not enough memory: give a lower `--workers`'
    """
    if lacks_memory(error):
        where = "the GPU has not enough memory" if "cuda" in str(error).lower() else "not enough memory"
        return f"{where}: {MEMORY_REMEDIES.get(name, 'work on less at once')}"
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        remedy = SYSTEM_REMEDIES.get(error.errno or 0)
        return f"{error.strerror}{where}" + (f": {remedy}" if remedy else "")
    return (
        f"unexpected {type(error).__name__}: {error}"
        " (this is a bug in partita: set PARTITA_DEBUG=1 to see where it happens, and report it)"
    )
