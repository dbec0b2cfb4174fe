"""Examine a corpus: all checks, in the order of what helps most."""

from collections.abc import Callable

import numpy as np

from partita.data.corpus import SPLITS, Corpus
from partita.doctor.corpus.amount import check_amount, check_levels
from partita.doctor.corpus.bandwidth import check_bandwidth
from partita.doctor.corpus.clipping import check_clipping
from partita.doctor.corpus.duplicates import check_duplicates
from partita.doctor.corpus.excerpts import CorpusSound, read_excerpts
from partita.doctor.corpus.noise import check_noise, quantizer_below_db
from partita.doctor.corpus.offset import check_offset
from partita.doctor.corpus.originals import measure_originals
from partita.doctor.corpus.pitch import PitchFacts, check_pitch, pitch_facts, receptive_field_ms
from partita.doctor.corpus.polyphony import check_polyphony
from partita.doctor.corpus.silence import check_silence, frame_levels
from partita.doctor.corpus.spectrum import Spectrum, long_term_spectrum
from partita.doctor.corpus.training_rate import check_time, training_rate
from partita.doctor.diagnosis import Diagnosis, Fact
from partita.doctor.finding import Finding

POINTS = 40  # of a plotted spectrum
SHORTEST_COMPARED_S = 2.5


def examine_corpus(
    corpus: Corpus, *, measure_rate: bool = True, progress: Callable[[str], None] = lambda what: None
) -> Diagnosis:
    """Return what is wrong with a corpus.

    Args:
        corpus: the corpus.
        measure_rate: whether to measure the training rate, which takes some seconds.
        progress: called with what is done next.
    """
    progress("reading the recordings")
    originals = measure_originals(corpus)
    progress("measuring the sound")
    sound = read_excerpts(corpus)
    spectrum, quantizer_db, pitch = long_term_spectrum(sound), quantizer_below_db(sound), pitch_facts(sound)
    findings = [
        *check_silence(sound, originals),
        *check_clipping(sound, originals),
        *check_offset(originals),
        *check_bandwidth(spectrum, corpus.sample_rate, str(corpus.path)),
        *check_polyphony(sound),
        *check_noise(sound, quantizer_db),
        *check_levels(sound),
    ]
    progress("comparing the splits")
    findings += [*check_duplicates(corpus), *check_amount(corpus), *check_pitch(pitch, corpus)]
    rate = None
    if measure_rate:
        progress("measuring the training rate")
        rate = training_rate(corpus)
    findings += check_time(corpus, rate)
    return Diagnosis(
        str(corpus.path),
        findings,
        _facts(sound, spectrum, quantizer_db, pitch, findings),
        _unchecked(corpus, missing=originals.missing, found=len(originals.found), rate=rate),
    )


def _facts(
    sound: CorpusSound,
    spectrum: Spectrum,
    quantizer_db: float,
    pitch: PitchFacts | None,
    findings: list[Finding],
) -> list[Fact]:
    """Return the measured facts."""
    corpus, rate = sound.corpus, sound.sample_rate
    minutes = ", ".join(f"{corpus.seconds(split) / 60:.1f} min {split}" for split in SPLITS)
    levels = _level_by_minute(sound)
    facts = [
        Fact("sound", f"{minutes}, at {rate:,} Hz"),
        Fact("level", f"{min(levels):.0f} to {max(levels):.0f} dBFS", levels, "by minute"),
        Fact(
            "bandwidth",
            f"up to {spectrum.used_hz:,.0f} Hz",
            _plotted(spectrum),
            f"dB, 0 to {rate / 2:,.0f} Hz",
        ),
        Fact("quantizer", f"the noise of 256 mu-law classes is {quantizer_db:.0f} dB below the sound"),
    ]
    if pitch is not None:
        facts += [
            Fact(
                "pitch",
                f"{pitch.low:.0f} to {pitch.high:.0f} Hz, median {pitch.median:.0f};"
                f" {pitch.voiced_share:.0%} of the time has one",
            ),
            Fact(
                "time",
                f"a steady pitch lasts {1000 * pitch.note_seconds:.0f} ms, a period of the lowest notes"
                f" {1000 / pitch.low:.1f} ms; a network of the size small sees"
                f" {receptive_field_ms(rate):.0f} ms",
            ),
        ]
    return facts


def _level_by_minute(sound: CorpusSound) -> tuple[float, ...]:
    """Return the root-mean-square level of each minute of the excerpts, dBFS."""
    whole = np.concatenate(list(sound.by_recording.values()))
    length = 60 * sound.sample_rate
    parts = [whole[at : at + length] for at in range(0, max(1, len(whole) - length // 2), length)]
    return tuple(
        round(float(10 * np.log10(np.mean(10 ** (frame_levels(part, sound.sample_rate) / 10)))), 1)
        for part in parts
    )


def _plotted(spectrum: Spectrum) -> tuple[float, ...]:
    """Return the spectrum as few numbers."""
    return tuple(round(float(part.mean()), 1) for part in np.array_split(spectrum.level[1:-1], POINTS))


def _unchecked(corpus: Corpus, *, missing: int, found: int, rate: float | None) -> list[str]:
    """Return what could not be checked."""
    lines = []
    if missing:
        lines.append(
            f"offset, flat peaks and cut silence of {missing} of {missing + found} recordings, which are no"
            f" longer in {corpus.index['root']} or need FFmpeg"
        )
    short = [seconds for split in ("validation", "test") for seconds in corpus.segment_seconds(split)]
    if short and max(short) < SHORTEST_COMPARED_S:
        lines.append(
            "near-copies across splits, since all held-out recordings are shorter than 2.4 s; exact ones were"
        )
    if not corpus.has_pitch:
        lines.append("pitch and note lengths, since the corpus has no pitch: prepare it again")
    if rate is None:
        lines.append("the training rate, and so the time until tones")
    return lines
