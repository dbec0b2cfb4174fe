"""The settings of the local page. Nothing is served."""

from dataclasses import dataclass
from pathlib import Path

from partita.device import check_threads
from partita.errors import PartitaError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class ServeConfig:
    """What the local page offers, and where.

    Raises:
        PartitaError: a value is out of range.

    >>> ServeConfig().is_local
    True
    """

    runs: tuple[Path, ...] = ()
    """Runs, folders of runs, or comparisons to play and compare, besides the models that ship."""
    folder: Path = Path("partita-page")
    """Folder for all that the page keeps: clips, recordings, runs and answers."""
    host: str = "127.0.0.1"
    """Address to listen on. By default only this computer can open the page."""
    port: int = 8420
    """Port to listen on; 0 takes a free one."""
    threads: int | None = None
    """Number of CPU threads that draw; by default one per core."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 <= self.port < 1 << 16:
            raise PartitaError(f"`port` is {self.port}: give 0 to 65535")
        if not self.host:
            raise PartitaError("`host` is empty: give an address, for example 127.0.0.1")
        check_threads(self.threads)

    @property
    def is_local(self) -> bool:
        """Whether only this computer can open the page."""
        return self.host in LOOPBACK
