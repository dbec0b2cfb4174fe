"""The demo's folder, and the note in it that lets an interrupted demo go on and keeps two demos from mixing.

It does not know what the stages do.
"""

import json
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError
from partita.listening.demo_plan import DemoConfig, training_minutes

FORMAT = 2
NOTE = "demo.json"


class Home:
    """The folder of a demo.

    Args:
        config: the demo that wants it.
    """

    def __init__(self, config: DemoConfig) -> None:
        self.config, self.path = config, config.out
        self.recordings, self.corpus = config.out / "recordings", config.out / "corpus"
        self.page, self._note = config.out / "report.html", config.out / NOTE

    def run(self, arm: str) -> Path:
        """Return the run folder of an arm."""
        return self.path / "runs" / arm

    @property
    def is_training(self) -> bool:
        """Whether the corpus was finished once, so that the settings are settled."""
        return self._read().get("training_minutes") is not None

    def take(self) -> None:
        """Make the folder, or find this very demo in it.

        Raises:
            PartitaError: the recordings do not exist, or the folder holds something else, or a demo with
                other settings whose training has begun.
        """
        source = self.config.recordings
        if source is not None and not source.exists():
            raise PartitaError(f"{source} does not exist: give a folder of recordings with `--recordings`")
        filled = self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir()))
        if filled and not self._note.is_file():
            raise PartitaError(f"{self.path} exists and is no demo: give another folder with `--out`")
        if self.is_training:
            self._check()
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write(None)

    def begin_training(self, *, seconds_gone: float) -> float:
        """Return the minutes of all training, as noted when it first began or by the time left; note them."""
        noted = self._read().get("training_minutes")
        minutes = training_minutes(self.config, seconds_gone=seconds_gone) if noted is None else float(noted)
        self._write(minutes)
        return minutes

    def _read(self) -> dict[str, Any]:
        if not self._note.is_file():
            return {}
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            readable = note["format"] == FORMAT and isinstance(note["settings"], dict)
        except (ValueError, KeyError, TypeError):
            readable = False
        if not readable:
            raise PartitaError(f"{self._note} can't be read: give another folder with `--out`")
        return dict(note)

    def _check(self) -> None:
        before = self._read()["settings"]
        for name, value in self.config.settings.items():
            if before.get(name) != value:
                raise PartitaError(
                    f"the demo in {self.path} was begun with `{name}` {before.get(name)}, now it is {value}:"
                    " give the same, or another folder with `--out`"
                )

    def _write(self, minutes: float | None) -> None:
        note = {"format": FORMAT, "settings": self.config.settings, "training_minutes": minutes}
        storage.write_json(self._note, note)
