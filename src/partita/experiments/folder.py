"""The output folder of an experiment: its settings file, its lock, and the refusal of other settings.

The settings file is written before anything else. A later call with the same settings continues in the same
folder; a call with other settings raises an error and changes nothing. This file does not know what an
experiment does or which settings it has.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from partita import storage
from partita.digests import add_digest, verify_digest
from partita.errors import PartitaError
from partita.tables import Table, read_json

REMEDY = "give another folder with `--out`"


@dataclass(frozen=True, kw_only=True)
class ExperimentFolder:
    """A folder that holds one experiment.

    Args:
        path: the folder.
        kind: the name of the experiment, "arena" or "demo"; the settings file is `KIND.json`.
        format: the format number of the settings file.

    >>> import tempfile
    >>> folder = ExperimentFolder(path=Path(tempfile.mkdtemp()), kind="demo", format=2)
    >>> with folder.lock():
    ...     folder.write({"settings": {"seed": 0}})
    >>> folder.read().table("settings").integer("seed")
    0
    """

    path: Path
    kind: str
    format: int

    @property
    def settings_file(self) -> Path:
        """The settings file."""
        return self.path / f"{self.kind}.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Make the folder if it is missing and reserve it for this process while the block runs.

        Raises:
            PartitaError: the path is a file, the folder contains something else, or another process uses it;
                nothing in it is changed then.
        """
        if self.path.exists() and not self.path.is_dir():
            self._refuse_foreign()
        self.path.mkdir(parents=True, exist_ok=True)
        with storage.lock_folder(self.path):
            storage.remove_leftovers(self.path, of=self.settings_file.name)
            unfinished = f".{self.settings_file.name}."  # another process may have been killed while writing
            others = any(not path.name.startswith(unfinished) for path in self.path.iterdir())
            if others and not self.settings_file.is_file():
                self._refuse_foreign()
            yield

    def _refuse_foreign(self) -> NoReturn:
        article = "an" if self.kind[0] in "aeiou" else "a"
        raise PartitaError(f"{self.path} exists and is not the folder of {article} {self.kind}: {REMEDY}")

    def read(self) -> Table | None:
        """Return the content of the settings file, or None if there is no file.

        Raises:
            PartitaError: the file is damaged or has another format number.
        """
        if not self.settings_file.is_file():
            return None
        content = verify_digest(read_json(self.settings_file, remedy=REMEDY))
        if content.integer("format") != self.format:
            content.reject("format", f"must be {self.format}, or another version of Partita wrote it")
        content.table("settings")
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        """Write the settings file with its format number and a digest.

        Args:
            content: fit for JSON, with a table `settings`.
        """
        storage.write_json(self.settings_file, add_digest({"format": self.format, **content}))

    def refuse_other_settings(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Raise an error if a setting differs from the one that the experiment was started with.

        Args:
            before: the settings in the file.
            now: the settings of this call.

        Raises:
            PartitaError: a setting differs.
        """
        changed = [name for name, value in now.items() if before.get(name) != value]
        if changed:
            name = min(changed, key=lambda name: before.get(name) is None)  # one that was given then, if any
            raise PartitaError(
                f"the {self.kind} in {self.path} was started with `{name}` {before.get(name)}, now it is"
                f" {now[name]}: use the same value, or {REMEDY}"
            )
