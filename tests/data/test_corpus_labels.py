"""Labels of segments come from the names of recordings; those that name single recordings are not learnt."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare


@pytest.fixture
def digits(tmp_path: Path, tone: Callable[..., np.ndarray]) -> Corpus:
    """Twelve recordings of two digits by three speakers; one name does not fit the pattern."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for number in range(12):
        name = f"{number % 2}_{'abc'[number % 3]}_{number}" if number else "noise"
        soundfile.write(folder / f"{name}.wav", tone(0.3, pitch=300 + number), 8000)
    config = PrepareConfig(sample_rate=8000, labels="{digit}_{speaker}_{take}", test=("1_c_11.wav",))
    return prepare([folder], tmp_path / "corpus", config)


def test_segments_have_the_labels_of_their_recordings(digits: Corpus) -> None:
    (segment,) = digits.segments("test")
    assert digits.labels(segment) == ("digit=1", "speaker=c", "take=11")
    noise = [s for s in digits.segments("train") + digits.segments("validation") if not digits.labels(s)]
    assert [digits.source(segment) for segment in noise] == ["noise.wav"]


def test_values_of_the_training_split_without_numbers_of_takes(digits: Corpus) -> None:
    values = digits.label_values()
    assert values == ("digit=0", "digit=1", "speaker=a", "speaker=b", "speaker=c")
    assert "labels that only number the recordings: take" in digits.summary()


def test_a_corpus_without_labels_has_none(corpus: Corpus) -> None:
    assert corpus.label_values() == ()
    assert "only number" not in corpus.summary()
    assert corpus.labels(corpus.segments("train")[0]) == ()
