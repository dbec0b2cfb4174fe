"""Which versions made a run: written into every run's config, for whoever has to repeat it. Decides
nothing.
"""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("partita", "torch", "numpy", "numba")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a run's numbers.

    >>> sorted(versions())
    ['numba', 'numpy', 'partita', 'python', 'torch']
    """
    return {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "not installed"
