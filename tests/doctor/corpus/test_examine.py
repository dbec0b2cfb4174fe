"""Corpora that are spoiled on purpose: the cause comes first. Sound ones have no error and no warning."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.doctor.corpus.amount import check_amount
from partita.doctor.corpus.duplicates import check_duplicates
from partita.doctor.corpus.examine import examine_corpus
from partita.doctor.corpus.excerpts import read_excerpts
from partita.doctor.corpus.offset import check_offset
from partita.doctor.corpus.originals import measure_originals
from partita.doctor.diagnosis import Diagnosis
from partita.etudes.render import write_etudes

RATE = 44100
Takes = list[np.ndarray]


def corpus_of(folder: Path, takes: Takes, *, rate: int = RATE, **how: bool) -> Corpus:
    """Prepare takes as recordings."""
    (folder / "in").mkdir(parents=True)
    for number, take in enumerate(takes):
        soundfile.write(folder / "in" / f"take{number}.wav", take, rate, subtype="PCM_16")
    return prepare([folder / "in"], folder / "corpus", PrepareConfig(**how))  # type: ignore[arg-type]


def short_takes(count: int = 4, seconds: float = 6.0) -> Takes:
    """Noise that swells, different in each take."""
    rng = np.random.default_rng(0)
    length = int(8000 * seconds)
    swell = np.repeat(rng.uniform(0.1, 1.0, (count, 48)), length // 48, axis=1)
    return list(0.1 * rng.normal(0, 1, (count, length // 48 * 48)) * swell)


def test_copies_across_splits_an_offset_and_little_sound_are_found(tmp_path: Path) -> None:
    takes = short_takes()
    copy = 0.3 * takes[0] + np.random.default_rng(1).normal(0, 0.001, len(takes[0]))
    corpus = corpus_of(tmp_path, [*(take + 0.05 for take in takes), copy], rate=8000)
    config = PrepareConfig(sample_rate=8000, test=("take4.wav",), validation=("take3.wav",))
    corpus = prepare([tmp_path / "in"], tmp_path / "corpus", config)
    (leak,) = check_duplicates(corpus)
    assert leak.code == "leak" and leak.evidence["recordings"]["take4.wav"]["training"] == "take0.wav"
    (offset,) = check_offset(measure_originals(corpus))
    assert (offset.code, offset.severity) == ("dc-offset", "warning")
    (amount,) = check_amount(corpus)
    assert (amount.code, amount.severity) == ("too-little-sound", "error")


def test_originals_that_are_gone_are_counted(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, short_takes(3), rate=8000)
    for path in (tmp_path / "in").iterdir():
        path.unlink()
    originals = measure_originals(corpus)
    assert (originals.found, originals.missing) == ((), 3)
    assert read_excerpts(corpus).share_of([]) == 0


def violin(real_recordings: Path, seconds: float = 60.0) -> Takes:
    """The first minute of five recordings, mono, at 44.1 kHz."""
    found = []
    for path in sorted([*real_recordings.glob("*/*.mp3"), *real_recordings.glob("*/*.opus")]):
        sound, rate = soundfile.read(path, always_2d=True)
        mono = soxr.resample(sound.mean(axis=1), rate, RATE)[: int(seconds * RATE)]
        found.append(0.9 * mono / np.abs(mono).max())
    return found


def clipped(takes: Takes) -> Takes:
    return [0.9 * np.clip(8 * take, -1, 1) for take in takes]


def offset(takes: Takes) -> Takes:
    return [0.5 * take + 0.2 for take in takes]


def upsampled(takes: Takes) -> Takes:
    return [soxr.resample(soxr.resample(take, RATE, 4000), 4000, RATE) for take in takes]


def silent(takes: Takes) -> Takes:
    return [np.pad(take[: 20 * RATE], (0, 100 * RATE)) for take in takes]


def copied(takes: Takes) -> Takes:
    return [*takes, 0.7 * takes[4], 0.5 * np.roll(takes[3], RATE)]


def noisy(takes: Takes) -> Takes:
    rng = np.random.default_rng(0)
    return [take + rng.normal(0, take.std() * 10 ** (-15 / 20), len(take)) for take in takes]


def mixed(takes: Takes) -> Takes:
    return [
        np.sum([np.roll(take, RATE * 7 * shift * place) for place, take in enumerate(takes, 1)], axis=0) / 4
        for shift in range(1, 6)
    ]


def short(takes: Takes) -> Takes:
    return [take[: 6 * RATE] for take in takes]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (clipped, "clipping"),
        (offset, "dc-offset"),
        (upsampled, "narrow-bandwidth"),
        (silent, "mostly-silence"),
        (copied, "leak"),
        (noisy, "noise-floor"),
        (mixed, "polyphony"),
        (short, "too-little-sound"),
    ],
)
def test_the_cause_of_a_spoiled_corpus_comes_first(
    spoil: Callable[[Takes], Takes], code: str, real_recordings: Path, tmp_path: Path
) -> None:
    diagnosis = examine_corpus(corpus_of(tmp_path, spoil(violin(real_recordings))), measure_rate=False)
    assert diagnosis.ordered[0].code == code
    assert diagnosis.ordered[0].severity != "note"


@pytest.mark.slow
def test_real_violin_speech_and_etudes_are_sound(real_recordings: Path, tmp_path: Path) -> None:
    write_etudes(tmp_path / "etudes", count=6, seconds=45.0, sample_rate=16000, seed=0)
    places = [real_recordings, real_recordings.parent / "spoken-digits", tmp_path / "etudes"]
    for number, place in enumerate(places):
        rate = 8000 if place.name == "spoken-digits" else 16000
        corpus = prepare([place], tmp_path / f"corpus{number}", PrepareConfig(sample_rate=rate))
        assert problems(examine_corpus(corpus, measure_rate=False)) == []


def problems(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of errors and warnings."""
    return [one.code for one in diagnosis.findings if one.severity != "note"]
