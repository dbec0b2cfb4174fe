"""What a person is told about failures that no part of Partita foresaw: the operating system's, too little
memory, and faults of Partita's own. It prints nothing."""

import errno

from partita.storage import FULL

SURROUNDINGS = {
    **dict.fromkeys(FULL, "make room on the disk, or write elsewhere"),
    errno.EROFS: "write elsewhere",
    errno.EACCES: "change its permissions, or give another path",
    errno.EPERM: "change its permissions, or give another path",
    errno.ENOTDIR: "name a folder where one is needed",
    errno.EISDIR: "name a file where one is needed",
    errno.ENOENT: "check the path",
    errno.EEXIST: "name another",
    errno.ELOOP: "name a path whose links lead to a file or a folder",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EMFILE: "close other programs, or allow more open files with `ulimit -n`",
    errno.ENFILE: "close other programs",
}
"""What a person can do about failures of the operating system that are nobody's fault here."""

SMALLER = {
    "prepare": "give a lower `--workers`",
    "train": (
        "give a smaller `--batch`, `--targets` or `--size`, or fewer `--preview-clips`, and another `--out`"
    ),
    "generate": "give fewer `--clips` or `--particles`, or a shorter `--prime`",
    "evaluate": "give fewer `--clips` or fewer `--seconds`",
    "demo": "give a smaller `--size`, or fewer recordings",
    "arena": "give fewer `--clips`, `--samples` or `--workers`, or a smaller `--batch` or `--targets`",
    "bench": "give a smaller `--size`",
}
"""What each subcommand needs less memory with."""

_SIGNS = (
    "out of memory",  # PyTorch's on CUDA
    "can't allocate memory",  # PyTorch's on a CPU
    "not enough memory",  # the same on Windows
    "cannot allocate memory",  # the operating system's, passed on by others
    "std::bad_alloc",
    "alloc_failed",  # CUDA's libraries, CUBLAS_STATUS_ALLOC_FAILED for one
    "array is too big",  # NumPy's, of what no machine has
    "maximum allowed dimension exceeded",  # the same
    "storage size calculation overflowed",  # PyTorch's
)


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error, or the one that it was raised from, says that there is too little memory.

    Errors of PyTorch and NumPy are known by their words, so that neither need be loaded.

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
            sign in str(cause).lower() for sign in _SIGNS
        ):
            return True
        cause = cause.__cause__
    return False


def is_fault(error: Exception) -> bool:
    """Return whether an error is Partita's own fault, not the surroundings'.

    >>> is_fault(RuntimeError("shapes differ")), is_fault(PermissionError(13, "Permission denied"))
    (True, False)
    """
    foreseen = isinstance(error, OSError) and error.errno in SURROUNDINGS
    return not (foreseen or lacks_memory(error))


def told(error: Exception, name: str) -> str:
    """Return the line that tells a person about an error.

    Args:
        error: what was raised, no `PartitaError`.
        name: the subcommand.

    >>> told(MemoryError(), "prepare")
    'not enough memory: give a lower `--workers`'
    """
    if lacks_memory(error):
        where = "the GPU has not enough memory" if "cuda" in str(error).lower() else "not enough memory"
        return f"{where}: {SMALLER.get(name, 'ask for less at once')}"
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        remedy = SURROUNDINGS.get(error.errno or 0)
        return f"{error.strerror}{where}" + (f": {remedy}" if remedy else "")
    return (
        f"unexpected {type(error).__name__}: {error}"
        " (a fault of partita's; set PARTITA_DEBUG=1 to see where it happened)"
    )
