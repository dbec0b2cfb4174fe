"""Are peaks cut off, in the recordings or in a copy of them that was made louder?"""

import numpy as np

from partita.doctor.corpus.excerpts import CorpusSound, Waveform
from partita.doctor.corpus.originals import Originals
from partita.doctor.corpus.wording import names_of
from partita.doctor.finding import Finding, Severity

CLIPPED = 1e-3
"""Share of samples in flat peaks from which a recording is clipped. Of 3,000 spoken digits 2 reach it, of the
violin recordings none (0); with a gain of 6 dB too much 0.0002 to 0.008, of 12 dB 0.013 to 0.09."""
HARD = 0.01  # such a share of all samples is heard as distortion: 12 dB too much
FEW, MANY = 0.02, 0.2
"""Shares of the sound in clipped recordings that give a warning and, if they are clipped hard, an error."""
SPECK = 0.005  # a smaller share of the sound is not worth a line
BUMP = 1.8
"""How much more often amplitudes near the peak occur than amplitudes that are a fifth lower. Violin
recordings have at most 0.5, spoken digits 1.3, recordings with 18 dB too much 2.0 to 6.1. It shows clipping
after MP3 or resampling, when no two samples are equal any more."""
BUMP_SAMPLES = 400
BINS = 100


def bump(sound: Waveform) -> float:
    """Return how far the histogram of amplitudes rises in its upper part, where that of whole peaks falls.

        max over amplitudes a of mean(h near a) / mean(h from 0.7 a to 0.88 a), a from 0.4 to 1 of the peak

    Args:
        sound: (samples,) float.

    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(0, 0.1, 100000)
    >>> bump(noise) < 0.7, bump(np.clip(noise, -0.1, 0.1)) > 2
    (True, True)
    """
    amplitudes = np.abs(sound)
    peak = float(amplitudes.max(initial=0.0))
    if peak == 0.0:
        return 0.0
    counts = np.histogram(amplitudes / peak, BINS, (0, 1))[0].astype(np.float64)
    found = 0.0
    for place in range(2 * BINS // 5, BINS):
        near = counts[place - 3 : place + 4]
        lower = counts[int(0.7 * place) : int(0.88 * place) + 1]
        if near.sum() >= BUMP_SAMPLES:
            found = max(found, float(near.mean() / max(1.0, lower.mean())))
    return found


def check_clipping(sound: CorpusSound, originals: Originals) -> list[Finding]:
    """Find recordings whose peaks are cut off.

    Args:
        sound: excerpts of the corpus.
        originals: the recordings; without them only strong clipping is seen.
    """
    flat = {one.source: one.flat_share for one in originals.found if one.flat_share >= CLIPPED}
    bumps = {name: bump(part) for name, part in sound.by_recording.items() if name not in flat}
    high = {name: value for name, value in bumps.items() if value >= BUMP}
    clipped = [name for name in sound.by_recording if name in flat or name in high]
    if not clipped:
        return []
    share, strongest = sound.share_of(clipped), max(flat.values(), default=0.0)
    if share < SPECK:
        return []
    hard = strongest >= HARD or bool(high)
    severity: Severity = "note" if share < FEW else "error" if hard and share >= MANY else "warning"
    how = (
        f"up to {strongest:.1%} of the samples lie in flat peaks" if flat else "amplitudes pile up at a limit"
    )
    return [
        Finding(
            code="clipping",
            severity=severity,
            says=f"{share:.0%} of the sound is clipped ({names_of(clipped)}): {how}",
            remedy="record them again with less gain, or leave them out, then prepare the corpus again",
            evidence={
                "share_of_sound": round(share, 3),
                "recordings": len(clipped),
                "most_flat_share": round(strongest, 5),
                "most_bump": round(max(bumps.values(), default=0.0), 2),
            },
        )
    ]
