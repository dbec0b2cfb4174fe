"""The arena's folder: what lies where, what was settled when it was begun, and the results so far.

    arena.json             the settings; another arena's folder is refused
    recordings/, sound/    synthetic studies and their corpus, where neither teacher nor corpus was given
    teacher/               a run, where none was given
    critic/                a run, where an arm needs one; where it went astray, critic-diverged.json
    clips/                 the corpus of the teacher's clips that the students learn from
    runs/SEED/start        a student before the arms part
    runs/SEED/ARM          what became of it
    results/ARM/SEED.json  an arm's measures
    choices.json           what the validation seeds decided, before the first test seed is begun
    scores.json

It does not know what the results mean.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from partita import storage
from partita.data.corpus import read_index
from partita.digests import with_digest, without_digest
from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.result import read_result, write_result
from partita.runs.folder import is_finished
from partita.runs.loading import find_checkpoint, weights_path
from partita.tables import Table, read_json

FORMAT = 1
NOTE = "arena.json"
REMEDY = "give another folder with `--out`"
FREE = {"out", "arms", "seeds", "validation_seeds", "students"}  # may differ between sittings
# what students are made without
ARMS_ONLY = {"minutes", "steps", "judge", "clips", "samples", "temperatures", "workers"}


@dataclass(frozen=True)
class ArenaFolder:
    """The folder of an arena.

    Args:
        path: where it is.
    """

    path: Path

    @property
    def teacher(self) -> Path:
        """The teacher's run, where it is trained here."""
        return self.path / "teacher"

    @property
    def critic(self) -> Path:
        """The critic's run."""
        return self.path / "critic"

    @property
    def astray(self) -> Path:
        """The file that says that the critic's training went astray, and how."""
        return self.path / "critic-diverged.json"

    @property
    def recordings(self) -> Path:
        """The synthetic studies."""
        return self.path / "recordings"

    @property
    def sound(self) -> Path:
        """Their corpus."""
        return self.path / "sound"

    @property
    def clips(self) -> Path:
        """The corpus that the students learn from."""
        return self.path / "clips"

    @property
    def scores(self) -> Path:
        """The file of scores."""
        return self.path / "scores.json"

    @property
    def choices(self) -> Path:
        """The file of what was chosen."""
        return self.path / "choices.json"

    def start(self, seed: int) -> Path:
        """Return the run of a student before the arms part."""
        return self.path / "runs" / f"{seed:04d}" / "start"

    def run(self, entry: ArmSpec, seed: int) -> Path:
        """Return the run of an arm."""
        return self.path / "runs" / f"{seed:04d}" / entry.folder

    def _result(self, entry: ArmSpec, seed: int) -> Path:
        return self.path / "results" / entry.folder / f"{seed:04d}.json"

    @contextmanager
    def take(self, config: ArenaConfig) -> Iterator[None]:
        """Make the folder, or find this very arena in it, and keep it to this process while the block runs.

        Raises:
            PartitaError: the folder holds something else, or an arena with other settings, or another process
                has it; nothing in it is changed then.
        """
        settings = settings_of(config)
        if self.path.exists() and not self.path.is_dir():
            raise PartitaError(f"{self.path} exists and is no arena: {REMEDY}")
        self.path.mkdir(parents=True, exist_ok=True)
        with storage.sole_writer(self.path):
            self._begin(config, settings)
            yield

    def _begin(self, config: ArenaConfig, settings: dict[str, Any]) -> None:
        """Note the settings, or check that they are those that the arena was begun with."""
        note = self.path / NOTE
        if note.is_file():
            self._check(settings)
            if config.students is not None and not self._adopted(default=True):
                raise PartitaError(
                    f"the arena in {self.path} was begun with students of its own: leave out `--students`, or"
                    " give another folder with `--out`"
                )
            return
        if any(not path.name.startswith(f".{NOTE}.") for path in self.path.iterdir()):
            raise PartitaError(f"{self.path} exists and is no arena: {REMEDY}")
        adopted = config.students is not None
        storage.write_json(note, with_digest({"format": FORMAT, "settings": settings, "adopted": adopted}))

    @property
    def waits_for_students(self) -> bool:
        """Whether another arena's students are to come here and have not yet."""
        return self._adopted(default=False) and not self.clips.exists()

    def _adopted(self, *, default: bool) -> bool:
        """Return whether the arena was begun with another's students; older ones do not say."""
        note = self._note()
        return default if note is None else note.flag("adopted", default=default)

    def refuse_students(self, settings: dict[str, Any]) -> None:
        """Raise an error where this arena's students are not what another arena with these settings has.

        Raises:
            PartitaError: there is no arena here, or it was made with other settings.
        """
        ours = self._settings()
        if not ours:
            raise PartitaError(f"{self.path} is no arena: give one with `--students`, or leave it out")
        for name in settings.keys() - ARMS_ONLY:
            if ours.get(name) != settings[name]:
                raise PartitaError(
                    f"the students of {self.path} had `{name}` {ours.get(name)}, now it is {settings[name]}:"
                    " give the same, or leave out `--students`"
                )
        if read_index(self.clips) is None:
            raise PartitaError(f"{self.path} has no clips yet, so no students: let it begin first")

    def adopt(self, other: "ArenaFolder") -> None:
        """Copy another arena's clips, critic and students, those that are finished and not here yet."""
        if self.clips.exists():
            return
        runs = [other.critic, other.teacher, *sorted(other.path.glob("runs/*/start"))]
        for run in runs:
            place = self.path / run.relative_to(other.path)
            if is_finished(run) and not place.exists():
                _copy(run, place)
        _copy(other.clips, self.clips)  # last: that they are here says that all is

    def _note(self) -> Table | None:
        """Return what the arena was begun with; None if there is none.

        Raises:
            PartitaError: the file is damaged, or of another version.
        """
        path = self.path / NOTE
        if not path.is_file():
            return None
        note = without_digest(read_json(path, remedy=REMEDY))
        if note.integer("format") != FORMAT:
            note.refuse("format", f"must be {FORMAT}, or another version of Partita wrote it")
        note.table("settings")
        note.flag("adopted", default=True)
        return note

    def _settings(self) -> dict[str, Any]:
        """Return the settings that the arena was begun with, nothing where there is none; those that it knew
        nothing of are the usual."""
        note = self._note()
        if note is None:
            return {}
        settings, usual = note.table("settings").values, _usual()
        if settings.get("steps") is not None:
            usual["workers"] = None  # as settings are then
        return usual | settings

    def _check(self, settings: dict[str, Any]) -> None:
        before = self._settings()
        if unknown := before.keys() - settings.keys():
            raise PartitaError(
                f"{self.path / NOTE} has {', '.join(sorted(unknown))}, of another version of Partita:"
                f" {REMEDY}"
            )
        for name, value in settings.items():
            if before.get(name) != value:
                raise PartitaError(
                    f"the arena in {self.path} was begun with `{name}` {before.get(name)}, now it is {value}:"
                    f" give the same, or {REMEDY.removeprefix('give ')}"
                )

    def result(self, entry: ArmSpec, seed: int) -> dict[str, Any] | None:
        """Return what an arm's student measured, None if that is still to be done."""
        path = self._result(entry, seed)
        return read_result(path, entry, seed) if path.is_file() else None

    def keep(self, entry: ArmSpec, seed: int, result: dict[str, Any]) -> None:
        """Keep what an arm's student measured."""
        write_result(self._result(entry, seed), result)


def settings_of(config: ArenaConfig) -> dict[str, Any]:
    """Return what an arena must keep to go on, fit for JSON; more arms and more seeds may be asked for."""
    kept = {name: value for name, value in vars(config).items() if name not in FREE}
    if config.steps is not None:
        kept["workers"] = None  # only what is timed depends on what runs beside it
    for name in ("teacher", "corpus"):
        kept[name] = None if kept[name] is None else str(kept[name].absolute())
    settings: dict[str, Any] = json.loads(json.dumps(kept | {"temperatures": list(config.curve)}))
    return settings | {"teacher_weights": _weights_of(config.teacher)}


def _usual() -> dict[str, Any]:
    """Return the settings of an arena that is asked for nothing in particular, those that have a default."""
    defaults = {field.name: field.default for field in fields(ArenaConfig) if field.default is not MISSING}
    usual: dict[str, Any] = json.loads(json.dumps({n: v for n, v in defaults.items() if n not in FREE}))
    return usual


def _weights_of(teacher: Path | None) -> str | None:
    """Return what tells a teacher from another one that has taken its name since."""
    if teacher is None:
        return None
    _, checkpoint = find_checkpoint(teacher)
    return storage.digest(weights_path(checkpoint))


def _copy(folder: Path, place: Path) -> None:
    """Copy a folder, as a whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with storage.replacing_folder(place) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
