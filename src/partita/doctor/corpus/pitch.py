"""The pitch and the length of notes: does the network see enough periods, and the rate hold the harmonics?"""

from dataclasses import dataclass

import numpy as np

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.audio.features.pitch import VOICED
from partita.data.corpus import Corpus
from partita.doctor.corpus.excerpts import CorpusSound
from partita.doctor.finding import Finding
from partita.models.sizes import size_named
from partita.training.monitoring.frame_temperature import steady_seconds

LEAST_PERIODS = 4.0
"""Periods of the lowest pitch that the network should see. `small` sees 25 of a violin's at 16 kHz and 13 of
a low voice's, with which it has learnt them; below 4 no period can be told from the next."""
LEAST_HARMONICS = 4.0  # below half the sample rate; a violin's highest notes at 16 kHz have 8
SIZE = "small"
LEAST_VOICED = 100  # frames


@dataclass(frozen=True)
class PitchFacts:
    """The pitch of a corpus.

    Args:
        low: quantile of 5% of the voiced frames, Hz.
        median: Hz.
        high: quantile of 95%, Hz.
        voiced_share: share of the frames with a pitch.
        note_seconds: how long a steady pitch lasts.
    """

    low: float
    median: float
    high: float
    voiced_share: float
    note_seconds: float


def pitch_facts(sound: CorpusSound) -> PitchFacts | None:
    """Return the pitch of a corpus as `prepare` tracked it; None if it has no pitch or too little.

    Args:
        sound: excerpts of the corpus.
    """
    if not sound.corpus.has_pitch:
        return None
    hop = hop_length_for(sound.sample_rate)
    clips = [
        sound.corpus.pitch_at(one.segment, one.start + np.arange(0, one.length, hop, dtype=np.float64))
        for one in sound.excerpts
    ]
    every = np.concatenate(clips)
    voiced = every[every[:, 1] >= VOICED, 0]
    if len(voiced) < LEAST_VOICED:
        return None
    low, median, high = (440 * 2 ** ((np.percentile(voiced, q) - 69) / 12) for q in (5, 50, 95))
    layout = FrameLayout(hop_length=hop, bands=1)
    padded = [np.pad(clip, ((0, 0), (1, 0))) for clip in clips]  # the pitch stands after the bands
    steady = steady_seconds(padded, layout, hop_s=hop / sound.sample_rate)
    return PitchFacts(float(low), float(median), float(high), len(voiced) / len(every), steady)


def receptive_field_ms(sample_rate: int) -> float:
    """Return the past that a network of the default size sees, milliseconds.

    >>> receptive_field_ms(16000)
    127.9375
    """
    return 1000 * size_named(SIZE).receptive_field / sample_rate


def check_pitch(facts: PitchFacts | None, corpus: Corpus) -> list[Finding]:
    """Compare the pitch with the receptive field and with the sample rate.

    Args:
        facts: the pitch.
        corpus: the corpus.
    """
    if facts is None:
        return []
    rate, findings = corpus.sample_rate, []
    periods = receptive_field_ms(rate) * facts.low / 1000
    if periods < LEAST_PERIODS:
        findings.append(
            Finding(
                code="short-receptive-field",
                severity="note",
                says=(
                    f"a network of the size {SIZE} sees {receptive_field_ms(rate):.0f} ms, {periods:.1f}"
                    f" periods of the lowest notes ({facts.low:.0f} Hz)"
                ),
                remedy=(
                    f"train a larger one, `partita train {corpus.path} --size wide --out RUN`, or lower the"
                    " rate"
                ),
                evidence={"periods": round(periods, 2), "low_hz": round(facts.low, 1)},
            )
        )
    harmonics = rate / 2 / facts.high
    if harmonics < LEAST_HARMONICS:
        findings.append(
            Finding(
                code="low-sample-rate",
                severity="note",
                says=(
                    f"{rate:,} Hz holds {harmonics:.1f} harmonics of the highest notes ({facts.high:,.0f} Hz)"
                ),
                remedy=(
                    f"prepare at a higher rate, `partita prepare RECORDINGS --sample-rate {2 * rate} --out"
                    " NEW`"
                ),
                evidence={"harmonics": round(harmonics, 2), "high_hz": round(facts.high, 1)},
            )
        )
    return findings
