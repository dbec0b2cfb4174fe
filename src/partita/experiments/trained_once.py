"""Train a run that others need, say so, and remember if its training diverged."""

from collections.abc import Callable
from pathlib import Path

from partita.digests import add_digest, verify_digest
from partita.errors import DivergedError
from partita.runs.folder import RunFolder, is_finished
from partita.storage import write_json
from partita.tables import read_json


def trained_once(train: Callable[[], RunFolder], error_file: Path) -> RunFolder:
    """Return a finished run, trained now if it is missing.

    Args:
        train: trains the run if it is missing, resumes it if it is unfinished, and returns it.
        error_file: keeps the error of a training that diverged.

    Raises:
        DivergedError: its training diverged, now or in an earlier call; it is not repeated.
    """
    if error_file.is_file():
        content = read_json(error_file, remedy="remove it, and the run is trained again")
        raise DivergedError(verify_digest(content).text("diverged"))
    try:
        return train()
    except DivergedError as error:
        write_json(error_file, add_digest({"diverged": str(error)}))
        raise


def log_training(log: Callable[[str], None], path: Path, name: str) -> None:
    """Log that a run is trained or resumed; nothing if it is finished.

    Args:
        log: called with the line.
        path: the run's folder.
        name: the run's name in messages.
    """
    if not path.exists():
        log(f"{name}: training")
    elif not is_finished(path):
        log(f"{name}: resuming training")
