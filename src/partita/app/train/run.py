"""One run as the page shows it: its state, its curves and its clips, all read from its files.

Nothing is trained, started or stopped here; `runs` does that.
"""

import re
import shlex
import time
from pathlib import Path
from typing import Any, Literal

from partita.app.play.library import CONFIG
from partita.app.train import process
from partita.app.train.curves import CurveReader, Curves
from partita.app.train.estimate import expected_sound, next_stage
from partita.app.train.record import RunRecord, read_record
from partita.errors import PartitaError
from partita.runs.checkpoint_state import read_state

State = Literal["starting", "training", "pausing", "paused", "stopped", "failed", "done", "gone"]
RUNNING = ("starting", "training", "pausing")
CAN_GO_ON = ("paused", "stopped", "failed", "gone")
CLIP = re.compile(r"step-(\d{6,18})-(\d{1,4})\.wav")
CHECKPOINT = re.compile(r"step-(\d{6,18})")
MOST_CLIP_STEPS = 8
"""Steps whose clips are listed: the newest ones, and the first."""
RESUME = re.compile(r"(run|go on with) `partita train --resume [^`]*`")
MESSAGE = re.compile(r"partita(?: train)?: (?P<words>.+)")
STOPPED = ("stopped by ", "interrupted")
SILENT_END = (
    "the process that trains has ended without a word, perhaps for lack of memory, or because the computer"
    " was switched off"
)


class Run:
    """A run of the page.

    Args:
        folder: of the run; the record and the log are beside it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._reader = CurveReader(folder / "metrics.jsonl")
        self.child_runs = False
        """Whether a process that this server has started trains it."""

    @property
    def log(self) -> Path:
        """The log file."""
        return self.folder.with_name(f"{self.name}.log")

    @property
    def record_path(self) -> Path:
        """The file of the record."""
        return self.folder.with_name(f"{self.name}.json")

    @property
    def record(self) -> RunRecord | None:
        """The record, if the page has started this run."""
        return read_record(self.record_path)

    @property
    def created(self) -> float:
        """When it was started, in seconds since 1970."""
        record = self.record
        return record.created if record else _changed_at(self.folder)

    @property
    def exists(self) -> bool:
        """Whether the run has its folder."""
        return (self.folder / CONFIG).is_file()

    @property
    def is_running(self) -> bool:
        """Whether a process trains it."""
        running = process.is_running(self.log)
        return self.child_runs if running is None else running

    def state(self) -> tuple[State, str]:
        """Return the state, and why it is so, in words, where this says more."""
        record = self.record
        if self.is_running:
            if record is not None and record.pause_asked:
                return "pausing", ""
            begun = self._reader.read().step and process.last_lines(self.log)
            return ("training" if begun else "starting"), ""
        if self.exists and self._finished():
            return "done", ""
        return self._ended(record)

    def _ended(self, record: RunRecord | None) -> tuple[State, str]:
        """Return the state of a run that is not trained and not done."""
        found = MESSAGE.fullmatch((process.last_lines(self.log) or [""])[-1])
        words = found["words"] if found else ""
        if words and not words.startswith(STOPPED):
            return "failed", RESUME.sub("press Go on", words)
        if words or (record is not None and record.pause_asked):
            return "paused", ""
        if not self.exists:
            return "gone", "its folder is not there any more"
        return "stopped", SILENT_END

    def _finished(self) -> bool:
        """Return whether training is finished. `RunFolder` says the same, but imports PyTorch."""
        steps = {
            int(found[1]): path
            for path in (self.folder / "checkpoints").glob("step-*")
            if (found := CHECKPOINT.fullmatch(path.name))
        }
        try:
            return bool(steps and read_state(steps[max(steps)]).get("finished"))
        except PartitaError:  # damaged, or being removed: going on says what is wrong
            return False

    def brief(self) -> dict[str, Any]:
        """Return what the list of runs shows."""
        state, _ = self.state()
        curves = self._reader.read()
        return {
            "run": self.name,
            "state": state,
            "step": curves.step,
            "created": self.created,
        }

    def facts(self) -> dict[str, Any]:
        """Return all that the page shows of the run but the name of its model."""
        state, reason = self.state()
        curves, record = self._reader.read(), self.record
        start = record.start if record else ""
        return self.brief() | {
            "state": state,
            "reason": reason,
            "can_go_on": state in CAN_GO_ON and (self.exists or record is not None),
            "seconds": round(curves.seconds, 1),
            "recordings": record.recordings if record else "",
            "minutes": record.minutes if record else 0.0,
            "left": self._seconds_left(curves, record) if state in RUNNING else None,
            "updates_per_second": round(curves.updates_per_second, 3),
            "size": record.size if record else "",
            "start": start,
            "sounds": expected_sound(curves.step, start) if curves.step else "",
            "next": next_stage(curves.step, curves.updates_per_second, start) if state in RUNNING else "",
            "bits": curves.final.get("bits"),
            "curves": curves.sent(),
            "troubles": curves.troubles[-3:],
            "clips": self.clips(),
            "log": self._last_words(),
            "folder": str(self.folder),
            "command": shlex.join(["partita", *record.arguments]) if record else "",
        }

    def clips(self) -> list[dict[str, Any]]:
        """Return the preview clips, the newest first."""
        steps: dict[int, list[str]] = {}
        for path in (self.folder / "clips").glob("step-*.wav"):
            if found := CLIP.fullmatch(path.name):
                steps.setdefault(int(found[1]), []).append(path.name)
        newest = sorted(steps, reverse=True)
        shown = newest if len(newest) <= MOST_CLIP_STEPS else [*newest[: MOST_CLIP_STEPS - 1], newest[-1]]
        return [{"step": step, "files": sorted(steps[step])} for step in shown]

    def _last_words(self) -> str:
        """Return the last line of the log, without the name of the run and of the command."""
        lines = [line for line in process.last_lines(self.log, 2) if line != str(self.folder)]
        line = (lines or [""])[-1].removeprefix(f"{self.name}: ")
        found = MESSAGE.fullmatch(line)
        return found["words"] if found else line

    def _seconds_left(self, curves: Curves, record: RunRecord | None) -> float | None:
        """Return the seconds that are left, at most: training may end earlier if nothing improves."""
        if record is None or not record.minutes or not curves.times:
            return None
        since = max(0.0, time.time() - _changed_at(self.folder / "metrics.jsonl"))
        return round(max(0.0, 60.0 * record.minutes - curves.seconds - since), 1)


def _changed_at(path: Path) -> float:
    """Return when a file or a folder was changed, in seconds since 1970; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
