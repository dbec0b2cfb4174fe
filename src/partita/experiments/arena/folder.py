"""The arena's folder: its paths, the settings it was started with, and the results so far.

    arena.json             the settings; a call with other settings is refused
    recordings/, sound/    synthetic studies and their corpus, if neither teacher nor corpus is given
    teacher/               the teacher's run, if none is given
    critic/                the critic's run, if an arm needs one
    critic-diverged.json   the error of a critic whose training diverged
    clips/                 the corpus of the teacher's clips that the students learn from
    runs/SEED/start        a student before the arms
    runs/SEED/ARM          the student after an arm
    results/ARM/SEED.json  the evaluation of an arm
    choices.json           what was chosen on the validation seeds, written before the first test seed
    scores.json            the scores
    listen/                clips to play, of the first test student
    report.html            the page

This file evaluates nothing, and does not know what a result contains.
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
from partita.digests import add_digest
from partita.errors import PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.measure import read_result
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.folder import ExperimentFolder
from partita.runs.folder import is_finished
from partita.runs.weights import weights_digest

NOT_SETTINGS = {"out", "arms", "seeds", "validation_seeds", "students", "engine"}
"""Fields of the config that may differ when an arena is continued."""
ARM_SETTINGS = {"first_seed", "minutes", "steps", "judge", "clips", "samples", "temperatures", "workers"}
"""Settings that students before the arms do not depend on."""


@dataclass(frozen=True)
class ArenaFolder:
    """The folder of an arena.

    Args:
        path: the folder.
    """

    path: Path

    @property
    def teacher(self) -> Path:
        """The teacher's run, if it is trained here."""
        return self.path / "teacher"

    @property
    def critic(self) -> Path:
        """The critic's run."""
        return self.path / "critic"

    @property
    def critic_error(self) -> Path:
        """The file with the error, if the critic's training diverged."""
        return self.path / "critic-diverged.json"

    @property
    def recordings(self) -> Path:
        """The synthetic studies."""
        return self.path / "recordings"

    @property
    def sound(self) -> Path:
        """The corpus of the synthetic studies."""
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
        """The file of choices."""
        return self.path / "choices.json"

    def start(self, seed: int) -> Path:
        """Return the run of a student before the arms."""
        return self.path / "runs" / f"{seed:04d}" / "start"

    def run(self, spec: ArmSpec, seed: int) -> Path:
        """Return the run of an arm."""
        return self.path / "runs" / f"{seed:04d}" / spec.folder

    def _result(self, spec: ArmSpec, seed: int) -> Path:
        return self.path / "results" / spec.folder / f"{seed:04d}.json"

    @property
    def _files(self) -> ExperimentFolder:
        return ExperimentFolder(path=self.path, kind="arena", format=1)

    @contextmanager
    def lock(self, config: ArenaConfig) -> Iterator[None]:
        """Start the arena or continue it, and reserve the folder for this process while the block runs.

        Raises:
            PartitaError: the folder contains something else or an arena with other settings, or another
                process uses it; nothing in it is changed then.
        """
        settings = settings_of(config)
        with self._files.lock():
            if self._files.read() is None:
                self._files.write({"settings": settings, "adopted": config.students is not None})
            else:
                self._refuse_other_settings(settings)
                if config.students is not None and not self._copies_students(default=True):
                    raise PartitaError(
                        f"the arena in {self.path} was started with its own students: leave out `--students`,"
                        " or give another folder with `--out`"
                    )
            yield

    @property
    def lacks_copied_students(self) -> bool:
        """Whether the students of another arena are to be copied and are not here yet."""
        return self._copies_students(default=False) and not self.clips.exists()

    def _copies_students(self, *, default: bool) -> bool:
        """Return whether the arena was started with the students of another one.

        Args:
            default: the value for an arena of an older version, whose file lacks it.
        """
        content = self._files.read()
        return default if content is None else content.boolean("adopted", default=default)

    def refuse_students(self, settings: dict[str, Any]) -> None:
        """Raise an error if an arena with other settings can't use the students of this one.

        Raises:
            PartitaError: there is no arena here, it has no training clips yet, or a setting of the students
                differs.
        """
        ours = self._settings()
        if not ours:
            raise PartitaError(
                f"{self.path} is not the folder of an arena: give one with `--students`, or leave it out"
            )
        for name in settings.keys() - ARM_SETTINGS:
            if ours.get(name) != settings[name]:
                raise PartitaError(
                    f"the students of {self.path} had `{name}` {ours.get(name)}, now it is {settings[name]}:"
                    " use the same value, or leave out `--students`"
                )
        if read_index(self.clips) is None:
            raise PartitaError(
                f"{self.path} has no clips and no students yet: run that arena first, or leave out"
                " `--students`"
            )

    def copy_students(self, other: "ArenaFolder") -> None:
        """Copy the training clips, the critic and the students of another arena, if they are not here yet."""
        if self.clips.exists():
            return
        runs = [other.critic, other.teacher, *sorted(other.path.glob("runs/*/start"))]
        for run in runs:
            target = self.path / run.relative_to(other.path)
            if is_finished(run) and not target.exists():
                _copy(run, target)
        _copy(other.clips, self.clips)  # last: once they are here, everything is

    def _settings(self) -> dict[str, Any]:
        """Return the settings that the arena was started with, or nothing if there is no arena.

        A setting that an older version did not have gets its default.
        """
        content = self._files.read()
        if content is None:
            return {}
        content.boolean("adopted", default=True)
        settings, defaults = content.table("settings").values, _defaults()
        if settings.get("steps") is not None:
            defaults["workers"] = None  # as in `settings_of`
        return defaults | settings

    def _refuse_other_settings(self, settings: dict[str, Any]) -> None:
        before = self._settings()
        if unknown := before.keys() - settings.keys():
            raise PartitaError(
                f"{self._files.settings_file} has {', '.join(sorted(unknown))}, which this version of Partita"
                " does not know: give another folder with `--out`"
            )
        self._files.refuse_other_settings(before, settings)

    def result(self, spec: ArmSpec, seed: int) -> dict[str, Any] | None:
        """Return the result of an arm, or None if there is none yet.

        Args:
            spec: the arm.
            seed: the student's.

        Raises:
            PartitaError: the file is damaged, or belongs to another arm or student.
        """
        path = self._result(spec, seed)
        return read_result(path, spec, seed) if path.is_file() else None

    def save_result(self, spec: ArmSpec, seed: int, result: dict[str, Any]) -> None:
        """Write the result of an arm, with a digest.

        >>> import tempfile
        >>> folder = ArenaFolder(Path(tempfile.mkdtemp()))
        >>> found = {"arm": "report", "seed": 3, "diverged": "the loss is not finite"}
        >>> folder.save_result(ArmSpec("report"), 3, found)
        >>> folder.result(ArmSpec("report"), 3)["diverged"]
        'the loss is not finite'
        """
        path = self._result(spec, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_json(path, add_digest(result))


def settings_of(config: ArenaConfig) -> dict[str, Any]:
    """Return the settings that must stay the same for an arena to be continued, fit for JSON."""
    settings = {name: value for name, value in vars(config).items() if name not in NOT_SETTINGS}
    if config.steps is not None:
        settings["workers"] = None  # results depend on it only where arms have equal time
    for name in ("teacher", "corpus"):
        settings[name] = None if settings[name] is None else str(settings[name].absolute())
    fit: dict[str, Any] = json.loads(json.dumps(settings | {"temperatures": list(config.curve)}))
    return fit | {"teacher_weights": None if config.teacher is None else weights_digest(config.teacher)}


def _defaults() -> dict[str, Any]:
    """Return the default settings, fit for JSON."""
    defaults = {field.name: field.default for field in fields(ArenaConfig) if field.default is not MISSING}
    fit: dict[str, Any] = json.loads(
        json.dumps({name: value for name, value in defaults.items() if name not in NOT_SETTINGS})
    )
    return fit


def _copy(folder: Path, target: Path) -> None:
    """Copy a folder, completely or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with storage.atomic_folder(target) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
