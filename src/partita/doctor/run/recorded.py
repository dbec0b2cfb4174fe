"""What a run has recorded: its config, its metrics, and how much it has learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.models.choice import WAVENET
from partita.runs.folder import RunFolder
from partita.runs.model import kind_in
from partita.runs.shipped.ancestry import ancestors
from partita.runs.shipped.folder import model_path
from partita.training.config.train import TrainConfig

AVERAGE = "_average"  # what the names of the averaged weights' scores end with


@dataclass(frozen=True)
class RecordedRun:
    """A run as its folder describes it.

    Args:
        name: the run as it is typed.
        folder: the folder.
        config: its resolved config.
        records: its metrics.
        step: updates of its newest checkpoint.
        finished: whether its training is finished.
    """

    name: str
    folder: RunFolder
    config: Mapping[str, Any]
    records: Sequence[Mapping[str, Any]]
    step: int
    finished: bool

    @classmethod
    def open(cls, path: str | Path) -> "RecordedRun":
        """Read a run.

        Args:
            path: a run folder, or the name of a model that ships.

        Raises:
            PartitaError: there is no run, or it is damaged.
        """
        folder = RunFolder.open(model_path(path))
        folder.newest_checkpoint()  # or an error that says that there is none
        return cls(str(path), folder, folder.config(), folder.records(), folder.steps()[-1], folder.finished)

    @property
    def training(self) -> Mapping[str, Any]:
        """The settings of the training."""
        settings: Mapping[str, Any] = self.config["training"]
        return settings

    @property
    def kind(self) -> str:
        """The kind of the model: "wavenet", "maf", "iaf" or "gan"."""
        return kind_in(self.config)

    @property
    def has_features(self) -> bool:
        """Whether it is a WaveNet that is given features."""
        condition = self.config["network"].get("condition") or {}
        return self.kind == WAVENET and int(condition.get("bands", 0)) > 0

    @property
    def samples(self) -> int:
        """Predicted samples of its updates."""
        return self.step * int(self.training["batch"]) * int(self.training["targets"])

    @property
    def inherited_samples(self) -> int:
        """Predicted samples of the runs that it was started from, with the default windows."""
        usual = TrainConfig(steps=1)
        return sum(one.step for one in ancestors(self.config)) * usual.batch * usual.targets

    @cached_property
    def training_curve(self) -> NDArray[np.float64]:
        """(records, 2): step and bits per sample of the training windows."""
        rows = [(one["step"], one["bits"]) for one in self.of_kind("train") if "bits" in one]
        return np.array(rows, np.float64).reshape(-1, 2)

    @cached_property
    def validation_curve(self) -> NDArray[np.float64]:
        """(validations, 2): step and bits per sample of held-out sound, of the average if there is one."""
        rows = [
            (one["step"], one.get("bits" + AVERAGE, one["bits"]))
            for one in self.of_kind("validation")
            if "bits" in one
        ]
        return np.array(rows, np.float64).reshape(-1, 2)

    @property
    def samples_per_second(self) -> float | None:
        """Median training rate, or None if nothing was recorded."""
        rates = [one["samples_per_second"] for one in self.of_kind("train") if "samples_per_second" in one]
        return float(np.median(rates)) if rates else None

    @property
    def seconds(self) -> float:
        """Time of the training so far."""
        times = [float(one["seconds"]) for one in self.of_kind("train") if "seconds" in one]
        return times[-1] if times else 0.0

    @property
    def corpus_path(self) -> str:
        """The corpus as the run names it, or CORPUS."""
        return str(self.config["corpus"].get("path") or "CORPUS")

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the records of a kind.

        Args:
            kind: for example "train".
        """
        return [one for one in self.records if one["kind"] == kind]

    def go_on(self, minutes: float | None = None, options: str = "") -> str:
        """Return the command that trains the run further.

        Args:
            minutes: for how long, if the run is finished.
            options: further options of a new run.
        """
        if not self.finished and not options:
            return f"`partita train --resume {self.name}`"
        time = "" if minutes is None else f" --minutes {max(1, round(minutes))}"
        return f"`partita train {self.corpus_path} --from {self.name} --out NEXT{options}{time}`"
