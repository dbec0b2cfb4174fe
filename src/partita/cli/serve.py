"""The subcommand `partita serve`: the local page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.terminal import print_line, print_note

if TYPE_CHECKING:
    from partita.app.settings import ServeConfig

USAGE = "partita serve [RUN ...] [OPTIONS]"
GROUPS = {
    "what to serve": ("RUNS", "--folder", "--threads"),
    "where": ("--port", "--host", "--[no-]open"),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Open a page in the browser to play models, train them, compare them and judge them blindly.

    The page runs on this computer, and nothing leaves it. Ctrl-C ends it.
    """

    runs: Positional[tuple[Path, ...]] = ()
    """Runs, folders of runs, or comparisons to play. The models that ship are always there."""
    folder: Path = Path("partita-page")
    """Folder for all that the page keeps: clips, recordings, runs and answers."""
    threads: int | None = None
    """Number of CPU threads that draw; by default one per core."""
    port: int = 8420
    """Port to listen on; 0 takes a free one."""
    host: str = "127.0.0.1"
    """Address to listen on. By default only this computer can open the page; with 0.0.0.0 others can, who
    know the printed address with its key."""
    open: bool = True
    """Open the page in the browser."""

    def __post_init__(self) -> None:
        """Check the values."""
        self._config()

    def _config(self) -> "ServeConfig":
        from partita.app.settings import ServeConfig

        return ServeConfig(
            runs=self.runs, folder=self.folder, host=self.host, port=self.port, threads=self.threads
        )

    def run(self) -> None:
        """Serve until Ctrl-C."""
        try:
            from partita.app.serving import serve
        except ModuleNotFoundError as error:
            raise PartitaError(
                f"the page needs {error.name}, which is not installed: `pip install 'partita[app]'`"
            ) from None
        serve(self._config(), ready=self._announce, open_page=self.open)

    def _announce(self, address: str) -> None:
        print_line(address)
        print_note("Ctrl-C ends the page")


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita serve")
