"""The folder of a comparison: its paths, the settings it was started with, and the results so far.

    comparison.json         the settings; a call with other settings is refused
    base/                   the run that all arms start from, if none is given
    critic/                 the critic's run, if an arm needs one
    critic-diverged.json    the error of a critic whose training diverged
    runs/SEED/ARM           the run of an arm
    results/ARM/SEED.json   the scores of an arm
    clips/ARM/              the first clips of the first seed, for the page
    scores.json             all scores and comparisons
    report.html             the page

This file trains and scores nothing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita import storage
from partita.data.corpus import Corpus
from partita.digests import add_digest, verify_digest
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare.config import ARM_MINUTES, CONTROL, CompareConfig
from partita.experiments.folder import ExperimentFolder
from partita.runs.weights import weights_digest
from partita.tables import Table, read_json

NOT_SETTINGS = {"out", "arms", "start_from", "engine", "workers"}
"""Fields of the config that may differ when a comparison is continued."""
RESULT_REMEDY = "remove the file, and it is made again"


@dataclass(frozen=True)
class CompareFolder:
    """The folder of a comparison.

    Args:
        path: the folder.
    """

    path: Path

    @property
    def base(self) -> Path:
        """The run that all arms start from, if it is trained here."""
        return self.path / "base"

    @property
    def critic(self) -> Path:
        """The critic's run."""
        return self.path / "critic"

    @property
    def critic_error(self) -> Path:
        """The file with the error, if the critic's training diverged."""
        return self.path / "critic-diverged.json"

    @property
    def scores(self) -> Path:
        """The file of scores."""
        return self.path / "scores.json"

    @property
    def page(self) -> Path:
        """The page."""
        return self.path / "report.html"

    def run(self, spec: ArmSpec, seed: int) -> Path:
        """Return the run of an arm."""
        return self.path / "runs" / f"{seed:04d}" / spec.folder

    def clips(self, name: str) -> Path:
        """Return the folder of an arm's first clips, or of the real ones."""
        return self.path / "clips" / name

    @contextmanager
    def lock(self, config: CompareConfig, corpus: Corpus) -> Iterator[None]:
        """Start the comparison or continue it, and reserve the folder while the block runs.

        Raises:
            PartitaError: the folder contains something else or a comparison with other settings, or another
                process uses it; nothing in it is changed then.
        """
        files = ExperimentFolder(path=self.path, kind="comparison", format=1)
        settings = settings_of(config, corpus)
        with files.lock():
            before = files.read()
            if before is None:
                files.write({"settings": settings})
            else:
                files.refuse_other_settings(before.table("settings").values, settings)
            yield

    def _result(self, spec: ArmSpec, seed: int) -> Path:
        return self.path / "results" / spec.folder / f"{seed:04d}.json"

    def result(self, spec: ArmSpec, seed: int) -> dict[str, Any] | None:
        """Return the result of an arm, or None if there is none yet.

        Args:
            spec: the arm.
            seed: the number of the seed.

        Raises:
            PartitaError: the file is damaged, or belongs to another arm or seed.
        """
        path = self._result(spec, seed)
        if not path.is_file():
            return None
        table = verify_digest(read_json(path, remedy=RESULT_REMEDY))
        if table.text("arm") != spec.name:
            table.reject("arm", f"must be {spec.name!r}")
        if table.integer("seed") != seed:
            table.reject("seed", f"must be {seed}")
        if "diverged" not in table.values:
            _check_measured(table, noised=spec.name == CONTROL)
        return table.values

    def save_result(self, spec: ArmSpec, seed: int, result: dict[str, Any]) -> None:
        """Write the result of an arm, with a digest.

        >>> import tempfile
        >>> folder = CompareFolder(Path(tempfile.mkdtemp()))
        >>> folder.save_result(ArmSpec("report"), 3, {"diverged": "the loss is not finite"})
        >>> folder.result(ArmSpec("report"), 3)["diverged"]
        'the loss is not finite'
        """
        path = self._result(spec, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_json(path, add_digest({"arm": spec.name, "seed": seed} | result))


def _check_measured(table: Table, *, noised: bool) -> None:
    """Check that the result of an arm that was scored has all parts."""
    for name in ("training", "about"):
        table.table(name)
    table.number("temperature")
    for name in ("curve", "warnings", "trained_with"):
        table.array(name)
    for name in ("scores", *(["noised"] if noised else [])):
        scores = table.table(name)
        for score in scores.values:
            scores.table(score).number("value")


def settings_of(config: CompareConfig, corpus: Corpus) -> dict[str, Any]:
    """Return the settings that must stay the same for a comparison to be continued, fit for JSON.

    Arms may be added later. The primary comparison and the number of seeds must not change: they are chosen
    before the result is known. The base may move, as long as its weights are the same. The number of workers
    may change even where arms have equal time: all arms of a seed share the machine alike.

    Args:
        config: the comparison.
        corpus: its corpus.
    """
    settings = {name: value for name, value in vars(config).items() if name not in NOT_SETTINGS}
    settings["primary_arm"] = config.primary_spec.name
    if config.steps is None:
        settings["minutes"] = config.minutes or ARM_MINUTES
    fit: dict[str, Any] = json.loads(json.dumps(settings | {"temperatures": list(config.curve)}))
    return fit | {
        "corpus": corpus.fingerprint,
        "base_weights": None if config.start_from is None else weights_digest(config.start_from),
    }
