"""Prompts are real, held-out and never silent, and depend on the seed alone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.prompts import prompts
from partita.errors import PartitaError

Q = Quantizer()


@pytest.fixture
def mostly_silent(tmp_path: Path, tone) -> Corpus:  # type: ignore[no-untyped-def]
    """Three recordings that sound for a quarter of their time, silence kept."""
    for n in range(3):
        quiet = 1e-4 * np.random.default_rng(n).standard_normal(24000)
        sound = np.concatenate([quiet, tone(2, pitch=300 + n), quiet])
        soundfile.write(tmp_path / f"{n}.wav", sound, 8000)
    config = PrepareConfig(sample_rate=8000, trim=False, test=("2.wav",), validation=("1.wav",))
    return prepare([tmp_path], tmp_path / "corpus", config)


def test_no_prompt_is_silent(mostly_silent: Corpus) -> None:
    clips = prompts(mostly_silent, "test", count=8, length=1000, seed=0, quantizer=Q)
    assert clips.shape == (8, 1000)
    assert clips.dtype == np.uint8
    sound = Q.decode(clips)
    assert (np.sqrt((sound[:, -250:] ** 2).mean(axis=1)) > 0.3).all()


def test_prompts_are_stretches_of_the_split_that_do_not_overlap(mostly_silent: Corpus) -> None:
    (segment,) = mostly_silent.segments("test")
    stretch = Q.encode_int16(mostly_silent.samples[segment.offset : segment.offset + segment.length])
    clips = prompts(mostly_silent, "test", count=4, length=900, seed=1, quantizer=Q)
    windows = np.lib.stride_tricks.sliding_window_view(stretch, 900)
    places = [int(np.flatnonzero((windows == clip).all(axis=1))[0]) for clip in clips]
    assert min(np.diff(sorted(places))) >= 900, "apart from each other"


def test_prompts_depend_on_the_seed(corpus: Corpus) -> None:
    def draw(seed: int) -> np.ndarray:
        return prompts(corpus, "validation", count=3, length=500, seed=seed, quantizer=Q)

    assert np.array_equal(draw(0), draw(0))
    assert not np.array_equal(draw(0), draw(1))


def test_the_number_of_prompts_is_the_count(corpus: Corpus) -> None:
    few = prompts(corpus, "test", count=2, length=500, seed=0, quantizer=Q)
    many = prompts(corpus, "test", count=3, length=500, seed=0, quantizer=Q)
    assert few.shape == (2, 500)
    assert many.shape == (3, 500)


def test_a_short_segment_is_padded_with_the_zero_class(corpus: Corpus) -> None:
    longest = max(segment.length for segment in corpus.segments("test"))
    clips = prompts(corpus, "test", count=2, length=longest + 50, seed=0, quantizer=Q)
    assert (clips[:, :50] == Q.zero_class).all()
    assert (clips[:, 50:] != Q.zero_class).any()


def test_refuses(corpus: Corpus) -> None:
    with pytest.raises(PartitaError, match="count"):
        prompts(corpus, "test", count=0, length=5, seed=0, quantizer=Q)
    with pytest.raises(PartitaError, match="split"):
        prompts(corpus, "held out", count=1, length=5, seed=0, quantizer=Q)
