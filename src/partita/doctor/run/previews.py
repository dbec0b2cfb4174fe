"""Look at the last preview clips of a run. They are short, so only what all of them share counts."""

import re
from pathlib import Path

import numpy as np
import soundfile

from partita.doctor.finding import Finding
from partita.doctor.run.recorded import RecordedRun
from partita.evaluation.metrics.drift import STUCK_SECONDS, clip_flags
from partita.filenames import c_library_path

NAME = re.compile(r"step-([0-9]+)-[0-9]+\.wav")
MOST = 4
CODES = {"saturated": "runaway", "silent": "silent-clips", "stuck": "stuck-tone"}
WORDS = {
    "saturated": "run away to full scale",
    "silent": "are silent",
    "stuck": "stay on one sound from end to end",
}


def check_previews(run: RecordedRun) -> list[Finding]:
    """Find out whether all preview clips of the last drawing are broken in the same way.

    Args:
        run: the run.
    """
    flags = [set(_flags(path)) for path in _last_previews(run.folder.clips_path)]
    shared = set.intersection(*flags) if len(flags) > 1 else set()
    for name, code in CODES.items():
        if name in shared:
            return [
                Finding(
                    code=code,
                    severity="error",
                    says=f"all {len(flags)} preview clips {WORDS[name]}",
                    remedy=f"find out why, `partita doctor {run.name}`",
                    evidence={"clips": len(flags)},
                )
            ]
    return []


def _last_previews(folder: Path) -> list[Path]:
    """Return the preview clips of the last step that has some."""
    steps: dict[int, list[Path]] = {}
    for path in folder.glob("step-*.wav"):
        if found := NAME.fullmatch(path.name):
            steps.setdefault(int(found[1]), []).append(path)
    return sorted(steps[max(steps)])[:MOST] if steps else []


def _flags(path: Path) -> tuple[str, ...]:
    """Return what is broken in a clip; a short one is not stuck, since it may be one long note."""
    try:
        sound, rate = soundfile.read(c_library_path(path), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return ()
    names = clip_flags(np.asarray(sound[:, 0]), int(rate)).names if len(sound) else ()
    return tuple(name for name in names if name != "stuck" or len(sound) >= STUCK_SECONDS * rate)
