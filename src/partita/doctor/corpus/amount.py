"""Is there enough sound, and is it loud enough?"""

import numpy as np

from partita.data.corpus import Corpus
from partita.doctor.corpus.excerpts import CorpusSound
from partita.doctor.corpus.silence import frame_levels
from partita.doctor.corpus.wording import duration, names_of
from partita.doctor.finding import Finding, Severity
from partita.doctor.tones import PASSES, seconds_that_last

FEW = 2.0  # times the time that lasts until the first tones, below which there is a note
ERROR = 0.25  # times it, below which there is an error
QUIET_DBFS = -25.0
"""Level of the loud frames (95%) of a recording, below which a short peak must have set its level. Those of
violin recordings are at -16 to -11 dBFS, of spoken digits at -20 to -7, of recordings with one click at -34
to -29."""
MANY = 0.3  # share of the sound in quiet recordings that gives a warning


def check_amount(corpus: Corpus) -> list[Finding]:
    """Compare the training sound with what a model can learn from before it overfits.

    Args:
        corpus: the corpus.
    """
    seconds, needed = corpus.seconds("train"), seconds_that_last(corpus.sample_rate)
    if seconds >= FEW * needed:
        return []
    severity: Severity = "error" if seconds < ERROR * needed else "warning" if seconds < needed else "note"
    return [
        Finding(
            code="too-little-sound",
            severity=severity,
            says=(
                f"{duration(seconds)} of training sound: a model has read it"
                f" {PASSES * needed / seconds:.0f} times when the first tones appear, and overfits after"
                f" about {PASSES:.0f} times"
            ),
            remedy=(
                f"add recordings until there are at least {duration(FEW * needed)}, or start from a model"
                f" that ships and vary the windows, `partita train {corpus.path} --from bach-violin"
                " --augment on --out RUN`"
            ),
            evidence={"train_seconds": round(seconds, 1), "needed_seconds": round(needed, 1)},
        )
    ]


def check_levels(sound: CorpusSound) -> list[Finding]:
    """Find recordings that are quiet, although `prepare` has set the level of their peak.

    Args:
        sound: excerpts of the corpus.
    """
    peak = float(sound.corpus.index["sound"].get("peak_dbfs", -1.0)) if _is_prepared(sound) else -1.0
    loud = {
        name: float(np.percentile(frame_levels(one, sound.sample_rate), 95))
        for name, one in sound.by_recording.items()
        if len(frame_levels(one, sound.sample_rate))
    }
    quiet = [name for name, level in loud.items() if level - peak < QUIET_DBFS]
    if not quiet:
        return []
    share, least = sound.share_of(quiet), min(loud.values())
    return [
        Finding(
            code="quiet-sound",
            severity="warning" if share >= MANY else "note",
            says=(
                f"{share:.0%} of the sound is quiet, with loud passages down to {least:.0f} dBFS"
                f" ({names_of(quiet)}): a click or a knock has set the level"
            ),
            remedy="cut the click out with an editor, then prepare the corpus again",
            evidence={"share_of_sound": round(share, 3), "least_loud_dbfs": round(least, 1)},
        )
    ]


def _is_prepared(sound: CorpusSound) -> bool:
    """Return whether the corpus was made from recordings, and not from classes."""
    return isinstance(sound.corpus.index.get("sound"), dict)
