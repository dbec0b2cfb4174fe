"""Is the bandwidth of the corpus used, or was the sound upsampled or low-passed before?"""

from partita.doctor.corpus.spectrum import Spectrum
from partita.doctor.finding import Finding

LITTLE, PART = 0.4, 0.8
"""Shares of the bandwidth that give a warning and a note. Digits recorded at 8 kHz and prepared at 16 kHz use
a half: models learn them, but half of the computing makes nothing."""
RATES = (4000, 6000, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def check_bandwidth(spectrum: Spectrum, sample_rate: int, corpus: str) -> list[Finding]:
    """Find out whether the upper part of the spectrum is empty.

    Args:
        spectrum: the long-term spectrum.
        sample_rate: of the corpus, Hz.
        corpus: its path, for the command.
    """
    used, whole = spectrum.used_hz, sample_rate / 2
    share = used / whole
    if share >= PART:
        return []
    enough = next((rate for rate in RATES if rate >= 1.95 * used), sample_rate)
    if enough >= sample_rate:
        return []
    remedy = (
        f"prepare at the rate that the sound has, `partita prepare RECORDINGS --sample-rate {enough} --out"
        " NEW`"
    )
    if share < LITTLE:
        remedy = f"use the original recordings; if there are none, {remedy}"
    return [
        Finding(
            code="narrow-bandwidth",
            severity="warning" if share < LITTLE else "note",
            says=(
                f"there is no sound above {used:,.0f} Hz, {share:.0%} of what {sample_rate:,} Hz can hold:"
                " it was upsampled or low-passed, and the model learns to make dull sound at the cost of"
                " bright one"
            ),
            remedy=remedy,
            evidence={"used_hz": round(used), "half_rate_hz": round(whole), "share": round(share, 3)},
        )
    ]
