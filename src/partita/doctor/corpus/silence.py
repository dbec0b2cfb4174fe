"""Is most of the sound silence: cut out by `prepare`, or still in the corpus?"""

import numpy as np

from partita.doctor.corpus.excerpts import CorpusSound, Waveform
from partita.doctor.corpus.originals import Originals
from partita.doctor.corpus.wording import duration
from partita.doctor.finding import Finding

FRAME_S = 0.064
QUIET_DB = 40.0
"""A frame is quiet if it is this far below the loud ones (95% of the frames are softer): real violin and
speech are so in 0.2% and 1.9% of their frames, recordings with pauses of silence in 85%."""
LOUD_PERCENTILE = 95
MANY, MOST = 0.25, 0.5
"""Shares of silence that give a warning and an error. Of the real recordings 0.2% to 11% are silent or
cut."""


def quiet_share(sound: Waveform, sample_rate: int) -> float:
    """Return the share of a sound's frames that are 40 dB or more below its loud frames, 0 to 1.

    Args:
        sound: (samples,) float.
        sample_rate: Hz.

    >>> round(quiet_share(np.repeat(np.float32([0.5, 0.001]), 8000), 8000), 1)
    0.5
    """
    levels = frame_levels(sound, sample_rate)
    return float((levels < np.percentile(levels, LOUD_PERCENTILE) - QUIET_DB).mean()) if len(levels) else 0.0


def frame_levels(sound: Waveform, sample_rate: int) -> np.ndarray:
    """Return the level of each frame of 64 ms, dBFS, at least -100.

    Args:
        sound: (samples,) float in [-1, 1].
        sample_rate: Hz.

    >>> frame_levels(np.ones(512, np.float32), 8000).tolist()
    [0.0]
    """
    length = max(1, round(FRAME_S * sample_rate))
    frames = sound[: len(sound) // length * length].reshape(-1, length)
    return np.asarray(10 * np.log10(np.maximum((frames**2).mean(axis=1, dtype=np.float64), 1e-10)))


def check_silence(sound: CorpusSound, originals: Originals) -> list[Finding]:
    """Find out whether most of the recorded time is silence.

    Args:
        sound: excerpts of the corpus.
        originals: the recordings; without them only silence that was kept is seen.
    """
    parts = sound.by_recording
    total = sum(map(len, parts.values()))
    kept = sum(quiet_share(one, sound.sample_rate) * len(one) for one in parts.values()) / max(1, total)
    cut = _cut_share(sound, originals)
    silent = cut + (1 - cut) * kept
    if silent < MANY:
        return []
    seconds = originals.seconds if cut else total / sound.sample_rate
    how = "cut out" if kept < MANY else "still in the corpus, where the model learns it"
    remedy = "record more playing, since nothing can be learnt from pauses"
    if kept >= MANY:
        trimmed = sound.corpus.index["sound"]["trim"] is True
        remedy = (
            "remove the pauses with an editor or a gate, then prepare the corpus again"
            if trimmed
            else "prepare the corpus again without `--no-trim`"
        )
    return [
        Finding(
            code="mostly-silence",
            severity="error" if silent >= MOST else "warning",
            says=f"{silent:.0%} of {duration(seconds)} of recordings is silence, {how}",
            remedy=remedy,
            evidence={
                "silent_share": round(silent, 3),
                "cut_share": round(cut, 3),
                "kept_share": round(kept, 3),
            },
        )
    ]


def _cut_share(sound: CorpusSound, originals: Originals) -> float:
    """Return the share of the recordings' time that is not in the corpus, 0 if it is not known."""
    rate, index = sound.sample_rate, sound.corpus.index
    kept = {file["source"]: sum(length for _, length in file["stretches"]) / rate for file in index["files"]}
    seconds = originals.seconds
    left = sum(kept[one.source] for one in originals.found)
    return max(0.0, 1 - left / seconds) if seconds else 0.0
