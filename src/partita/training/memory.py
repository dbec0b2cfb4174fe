"""Ask the C library to keep the memory that a training step gives back, for the next step to take.

By default glibc returns every large block to the kernel and gets it again, zeroed page by page: in float32 on
a CPU that was as much time as the arithmetic. Other C libraries are left as they are. This file knows no
tensors.
"""

import ctypes
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4  # names of mallopt(3)


def keep_freed_memory() -> bool:
    """Tell the allocator not to map blocks of their own and not to trim; return whether it understood.

    It holds for the rest of the process, whose memory then stays at its peak.

    >>> keep_freed_memory() in (True, False)
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
