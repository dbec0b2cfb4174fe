"""Make the C library keep freed memory for the next training step.

By default glibc returns every large block to the kernel and requests it again, zeroed page by page. In
float32 on a CPU this takes as much time as the arithmetic.
"""

import ctypes
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4  # parameters of mallopt(3)


def keep_freed_memory() -> bool:
    """Configure glibc to keep freed memory in the process; other C libraries stay as they are.

    The setting lasts as long as the process, whose memory then stays at its peak.

    Returns:
        Whether the C library accepted the setting.

    >>> isinstance(keep_freed_memory(), bool)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, 1 << 26))
    return all(mallopt(ctypes.c_int(name), ctypes.c_int(value)) == 1 for name, value in wanted)
