"""The demo's folder, and the note in it that lets an interrupted demo go on and keeps two demos from mixing.

It does not know what the stages do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from partita import storage
from partita.digests import add_digest, verify_digest
from partita.errors import PartitaError
from partita.evaluation.clips import LEAST_CLIPS
from partita.experiments.demo.config import LEAST, DemoConfig
from partita.tables import Table, read_json

FORMAT = 2
NOTE = "demo.json"
REMEDY = "give another folder with `--out`"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was decided when the training began.

    Args:
        training_minutes: of all training.
        clips: to score, of each arm; None in a demo of an older version.
        bits_seconds: of sound to score bits on; None as well.
    """

    training_minutes: float
    clips: int | None = None
    bits_seconds: float | None = None


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
    def settled(self) -> Settled | None:
        """What was decided when the training began; None before.

        Raises:
            PartitaError: the note is damaged.
        """
        note = self._read()
        if note is None or note.values.get("training_minutes") is None:
            return None
        minutes = note.number("training_minutes", minimum=0.001)
        if minutes > max(LEAST, note.table("settings").number("minutes")):
            note.reject("training_minutes", "must be at most `settings.minutes`")
        return Settled(
            training_minutes=minutes,
            clips=note.optional("clips", lambda name: note.integer(name, minimum=LEAST_CLIPS)),
            bits_seconds=note.optional("bits_seconds", lambda name: note.number(name, minimum=1.0)),
        )

    @contextmanager
    def take(self) -> Iterator[None]:
        """Make the folder, or find this very demo in it, and keep it to this process while the block runs.

        Raises:
            PartitaError: the recordings do not exist, or the folder holds something else, or a demo with
                other settings whose training has begun, or another process has it; nothing in it is changed
                then.
        """
        source = self.config.recordings
        if source is not None and not source.exists():
            raise PartitaError(f"{source} does not exist: give a folder of recordings with `--recordings`")
        if self.path.exists() and not self.path.is_dir():
            raise PartitaError(f"{self.path} exists and is no demo: {REMEDY}")
        self.path.mkdir(parents=True, exist_ok=True)
        with storage.lock_folder(self.path):
            self._begin()
            yield

    def _begin(self) -> None:
        """Note the settings, or check that they are those that the training began with."""
        storage.remove_leftovers(self.path, of=NOTE)
        if any(self.path.iterdir()) and not self._note.is_file():
            raise PartitaError(f"{self.path} exists and is no demo: {REMEDY}")
        if self.settled is not None:
            self._check()
        else:
            self._write(None)

    def settle(self, settled: Settled) -> None:
        """Note what was decided; training begins."""
        self._write(settled)

    def _read(self) -> Table | None:
        if not self._note.is_file():
            return None
        note = verify_digest(read_json(self._note, remedy=REMEDY))
        if note.integer("format") != FORMAT:
            note.reject("format", f"must be {FORMAT}, or another version of Partita wrote it")
        note.table("settings")
        return note

    def _check(self) -> None:
        note = self._read()
        before = {} if note is None else note.table("settings").values
        for name, value in self.config.settings.items():
            if before.get(name) != value:
                raise PartitaError(
                    f"the demo in {self.path} was begun with `{name}` {before.get(name)}, now it is {value}:"
                    f" give the same, or {REMEDY.removeprefix('give ')}"
                )

    def _write(self, settled: Settled | None) -> None:
        decided = {"training_minutes": None} if settled is None else asdict(settled)
        note = {"format": FORMAT, "settings": self.config.settings} | decided
        storage.write_json(self._note, add_digest(note))
