"""The demo's folder: its paths, the settings it was started with, and the plan of its time.

This file trains and evaluates nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from partita.checks import nearest_path
from partita.errors import PartitaError
from partita.evaluation.clips import MIN_CLIPS
from partita.experiments.demo.config import MIN_TRAINING_MINUTES, DemoConfig
from partita.experiments.folder import ExperimentFolder


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """The plan that is fixed when the training starts.

    Args:
        training_minutes: time of all training.
        clips: clips to score of each arm; None in a demo of an older version.
        bits_seconds: held-out sound for the bits per sample; None in a demo of an older version.
        start_model: the model that training starts from, a run or a name; None for random weights.
    """

    training_minutes: float
    clips: int | None = None
    bits_seconds: float | None = None
    start_model: str | None = None


class DemoFolder:
    """The folder of a demo.

    Args:
        config: the demo.
    """

    def __init__(self, config: DemoConfig) -> None:
        self.config, self.path = config, config.out
        self.recordings, self.corpus = config.out / "recordings", config.out / "corpus"
        self.page = config.out / "report.html"
        self._files = ExperimentFolder(path=config.out, kind="demo", format=2)

    def run(self, arm: str) -> Path:
        """Return the run folder of an arm."""
        return self.path / "runs" / arm

    @property
    def plan(self) -> DemoPlan | None:
        """The plan, or None before the training has started.

        Raises:
            PartitaError: the settings file is damaged.
        """
        content = self._files.read()
        if content is None or content.values.get("training_minutes") is None:
            return None
        minutes = content.number("training_minutes", minimum=0.001)
        if minutes > max(MIN_TRAINING_MINUTES, content.table("settings").number("minutes")):
            content.reject("training_minutes", "must be at most `settings.minutes`")
        return DemoPlan(
            training_minutes=minutes,
            clips=content.optional("clips", lambda name: content.integer(name, minimum=MIN_CLIPS)),
            bits_seconds=content.optional("bits_seconds", lambda name: content.number(name, minimum=1.0)),
            start_model=content.optional("start_model", content.text),
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Start the demo or continue it, and reserve the folder for this process while the block runs.

        Until the training has started, the settings may change.

        Raises:
            PartitaError: the recordings do not exist, the folder contains something else or a demo with other
                settings, or another process uses it; nothing in it is changed then.
        """
        source = self.config.recordings
        if source is not None and not source.exists():
            close = nearest_path(source)
            raise PartitaError(
                f"{source} does not exist: give a folder of recordings with `--recordings`{close}"
            )
        with self._files.lock():
            if self.plan is None:
                self._files.write({"settings": self.config.settings, "training_minutes": None})
            else:
                content = self._files.read()
                before = {} if content is None else content.table("settings").values
                self._files.refuse_other_settings(before, self.config.settings)
            yield

    def save_plan(self, plan: DemoPlan) -> None:
        """Write the plan; the training starts."""
        self._files.write({"settings": self.config.settings, **asdict(plan)})
