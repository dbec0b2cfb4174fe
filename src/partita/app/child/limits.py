"""Limits of a process, set by the process itself before it reads a visitor's file."""


def limit_resources(*, memory: int, cpu_seconds: int, largest_file: int | None = None) -> None:
    """Limit the memory, the time and the written files of this process, where the system can do so.

    Args:
        memory: bytes of addresses.
        cpu_seconds: time of computation.
        largest_file: bytes of a file that it writes; None is no limit.
    """
    try:
        import resource
    except ImportError:  # Windows: the server ends the process after some time
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
