"""A run that starts from a shipped model takes its shape, and remembers it, and so do the runs after it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stand_in import QUICK, RATE

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.digests import file_digest
from partita.errors import PartitaError
from partita.runs.folder import RunFolder
from partita.runs.loading import find_checkpoint, load, weights_path
from partita.runs.shipped.ancestry import ancestors
from partita.training.config.like_model import like_model
from partita.training.config.train import TrainConfig
from partita.training.train import train


def test_a_run_remembers_what_it_was_started_from_and_its_ancestors(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    first = train(etude_corpus, tmp_path / "first", QUICK, start_from=stand_in, quiet=True)
    second = train(etude_corpus, tmp_path / "second", QUICK, start_from=first, quiet=True)
    _, checkpoint = find_checkpoint(stand_in)
    near, far = ancestors(RunFolder.open(second).config())
    assert (near.name, far.name, far.step) == ("first", stand_in, 2)
    assert far.weights == file_digest(weights_path(checkpoint))
    assert near.corpus == far.corpus == etude_corpus.fingerprint
    assert ancestors(RunFolder.open(first).config()) == [far]
    assert ancestors(load(stand_in).config) == []


def test_the_weights_are_those_of_the_model_before_the_first_update(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    run = train(etude_corpus, tmp_path / "run", replace(QUICK, steps=1), start_from=stand_in, quiet=True)
    begun = load(RunFolder.open(run).checkpoint_path(0)).model.state_dict()
    own = load(stand_in).model.state_dict()
    assert all(torch.equal(begun[name], own[name]) for name in own)


def test_shape_and_quantizer_are_the_models_unless_told_otherwise(stand_in: str) -> None:
    assert TrainConfig().size == "small"
    assert like_model(TrainConfig(), stand_in).size == "tiny"
    other = TrainConfig(quantizer=Quantizer(kind="linear"))
    assert like_model(other, stand_in).quantizer == Quantizer()
    assert like_model(other, stand_in, keep=["quantizer"]).quantizer == other.quantizer
    assert like_model(other, stand_in, keep=["size"]).size == "small"


def test_a_corpus_of_another_rate_is_refused_with_the_command(
    stand_in: str, etudes: Path, tmp_path: Path
) -> None:
    corpus = prepare([etudes], tmp_path / "corpus", PrepareConfig(sample_rate=4000))
    remedy = f"`partita prepare RECORDINGS --out CORPUS --sample-rate {RATE}`"
    with pytest.raises(PartitaError, match=remedy):
        train(corpus, tmp_path / "run", QUICK, start_from=stand_in, quiet=True)
    assert not (tmp_path / "run").exists()
