"""The versions of Python and of the packages that affect the numbers of a run.

The config of every run records them, so that a user can reproduce the run.
"""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("partita", "torch", "numpy", "numba")


def versions() -> dict[str, str]:
    """Return the versions of Python, Partita, PyTorch, NumPy and Numba.

    >>> sorted(versions())
    ['numba', 'numpy', 'partita', 'python', 'torch']
    """
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "not installed"
