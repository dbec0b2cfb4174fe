"""A run that starts from another model has its weights, and warns where the model knows its test split."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from stand_in import QUICK, RATE, copy_of

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.train import train


def test_the_weights_are_those_of_the_model_before_the_first_update(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    run = train(etude_corpus, tmp_path / "run", replace(QUICK, steps=1), start_from=stand_in, quiet=True)
    begun = load(RunFolder.open(run).checkpoint_path(0)).model.state_dict()
    own = load(stand_in).model.state_dict()
    assert all(torch.equal(begun[name], own[name]) for name in own)


def test_a_corpus_of_another_rate_is_refused_with_the_command(
    stand_in: str, etudes: Path, tmp_path: Path
) -> None:
    corpus = prepare([etudes], tmp_path / "corpus", PrepareConfig(sample_rate=4000))
    remedy = f"`partita prepare RECORDINGS --out CORPUS --sample-rate {RATE}`"
    with pytest.raises(PartitaError, match=remedy):
        train(corpus, tmp_path / "run", QUICK, start_from=stand_in, quiet=True)
    assert not (tmp_path / "run").exists()


def test_training_warns_where_the_test_split_is_known(
    stand_in: str, etudes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_of(etudes, tmp_path / "new", name="etude-02.wav", start=0.5, seconds=12.0)
    (folder / "etude-04.wav").write_bytes((etudes / "etude-04.wav").read_bytes())
    config = PrepareConfig(sample_rate=RATE, test=("copy.mp3",))
    corpus = prepare([folder], tmp_path / "corpus", config)
    train(corpus, tmp_path / "run", QUICK, start_from=stand_in)
    assert (
        f"warning: {stand_in} has learnt from sound in the split 'test' (copy.mp3)" in capsys.readouterr().err
    )
