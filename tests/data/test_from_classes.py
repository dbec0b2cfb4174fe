"""A corpus of classes gives back exactly the classes that were written."""

from pathlib import Path

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.from_classes import corpus_from_classes
from partita.data.windows import every_window
from partita.errors import PartitaError


@pytest.mark.parametrize("quantizer", [Quantizer(), Quantizer(kind="linear", classes=4096)])
def test_every_class_is_restored_exactly(tmp_path: Path, quantizer: Quantizer) -> None:
    random = np.random.default_rng(0)
    every = np.arange(quantizer.classes)[None]
    quiet = quantizer.zero_class + random.integers(-2, 3, size=(2, 500))
    corpus_from_classes(
        tmp_path / "corpus", {"train": every, "test": quiet}, sample_rate=8000, quantizer=quantizer
    )
    corpus = Corpus.open(tmp_path / "corpus")
    (segment,) = corpus.segments("train")
    back = quantizer.encode_int16(corpus.samples[segment.offset :][: segment.length])
    assert (back == every[0]).all()
    windows = every_window(corpus, "test", targets=500, context=3, batch=1, quantizer=quantizer)
    found = np.concatenate([window.classes[:, 3:] for window in windows])
    assert (found == quiet).all()


def test_the_fingerprint_depends_on_clips_and_splits(tmp_path: Path) -> None:
    clips = np.random.default_rng(0).integers(256, size=(3, 100))

    def made(name: str, splits: dict[str, np.ndarray]) -> Corpus:
        return corpus_from_classes(tmp_path / name, splits, sample_rate=8000, quantizer=Quantizer())

    first = made("a", {"train": clips[:2], "validation": clips[2:]})
    assert first.fingerprint == made("b", {"train": clips[:2], "validation": clips[2:]}).fingerprint
    assert first.fingerprint != made("c", {"train": clips}).fingerprint
    assert made("a", {"train": clips[1:]}).fingerprint != first.fingerprint
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_invalid_arguments_are_refused(tmp_path: Path) -> None:
    clips = np.arange(4)[None]
    with pytest.raises(PartitaError, match="can't be told apart"):
        corpus_from_classes(
            tmp_path / "corpus",
            {"train": np.arange(1024)[None]},
            sample_rate=8000,
            quantizer=Quantizer(classes=1024),
        )
    with pytest.raises(PartitaError, match="tarin"):
        corpus_from_classes(tmp_path / "corpus", {"tarin": clips}, sample_rate=8000, quantizer=Quantizer())
    with pytest.raises(PartitaError, match="no clip"):
        corpus_from_classes(tmp_path / "corpus", {}, sample_rate=8000, quantizer=Quantizer())
    assert not (tmp_path / "corpus").exists()


def test_features_that_do_not_fit_the_clips_are_refused(tmp_path: Path) -> None:
    clips, fit = {"train": np.full((2, 800), 130)}, np.zeros((2, 11, 5), np.float32)
    for wrong in ({"train": fit[:, :9]}, {"train": fit[:1]}, {"train": fit[..., :2]}, {"test": fit}):
        with pytest.raises(PartitaError, match="the features do not fit the clips"):
            corpus_from_classes(
                tmp_path / "corpus", clips, sample_rate=8000, quantizer=Quantizer(), features=wrong
            )
    assert not (tmp_path / "corpus").exists()
    made = corpus_from_classes(
        tmp_path / "corpus", clips, sample_rate=8000, quantizer=Quantizer(), features={"train": fit}
    )
    assert made.given_columns == 5


def test_changed_features_are_found(tmp_path: Path) -> None:
    clips, features = {"train": np.full((2, 800), 130)}, {"train": np.zeros((2, 11, 5), np.float32)}

    def made(changed: float) -> Corpus:
        features["train"][1, 3, 2] = changed
        return corpus_from_classes(
            tmp_path / "corpus", clips, sample_rate=8000, quantizer=Quantizer(), features=features
        )

    assert made(0.0).fingerprint != made(1.0).fingerprint  # the second one replaces the first
    (store,) = (tmp_path / "corpus").glob("pitch-*.f32")
    content = bytearray(store.read_bytes())
    content[7] ^= 1
    store.write_bytes(content)
    with pytest.raises(PartitaError, match="is damaged"):
        Corpus.open(tmp_path / "corpus").verify()
