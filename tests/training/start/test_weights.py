"""A run that starts from another model has its weights, and warns where the model knows its test split."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from stand_in import QUICK, RATE, copy_of

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.weights import find_checkpoint
from partita.training.train import train


def test_the_weights_are_those_of_the_model_before_the_first_update(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    run = train(etude_corpus, tmp_path / "run", replace(QUICK, steps=1), start_from=stand_in, quiet=True)
    begun = load(RunFolder.open(run).checkpoint_path(0)).model.state_dict()
    own = load(stand_in).model.state_dict()
    assert all(torch.equal(begun[name], own[name]) for name in own)


def test_the_frame_tier_has_the_weights_of_the_model_and_the_range_of_the_corpus(
    stand_in: str, etudes: Path, tmp_path: Path
) -> None:
    corpus = prepare([etudes / "etude-04.wav"], tmp_path / "corpus", PrepareConfig(sample_rate=RATE))
    run = train(corpus, tmp_path / "run", replace(QUICK, steps=1), start_from=stand_in, quiet=True)
    _, checkpoint = find_checkpoint(stand_in)
    own = load_file(checkpoint / "frames-best.safetensors")
    for name in ("frames", "frames-average", "frames-best"):
        begun = load_file(RunFolder.open(run).checkpoint_path(0) / f"{name}.safetensors")
        others = {key for key in own if not torch.equal(begun[key], own[key])}
        assert others <= {"low", "high", "levels", "hold", "heard", "starts"}
        assert "low" in others


def test_the_frame_tier_of_the_model_is_scored_before_the_first_update(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    # without a score the first one of the run replaced the model's network, even where it was worse
    run = train(etude_corpus, tmp_path / "run", replace(QUICK, steps=1), start_from=stand_in, quiet=True)
    begun = RunFolder.open(run).checkpoint_path(0) / "frames-random.safetensors"
    best_bits, step = load_file(begun)["progress"].view(torch.float64).tolist()
    assert math.isfinite(best_bits) and step == 0


def test_other_conditions_and_shapes_are_refused_with_what_to_give(
    stand_in: str, etude_corpus: Corpus, tmp_path: Path
) -> None:
    cases: dict[str, dict[str, Any]] = {
        "stand-in is given 4 bands and pitch, the run to be trained no frames": {"condition": ("none",)},
        "the run to be trained 5 bands and pitch: give": {"frames": replace(QUICK.frames, bands=5)},
        "give `--frames.layers 1` and `--frames.channels 16`": {"frames": replace(QUICK.frames, channels=8)},
        "give `--size tiny`": {"size": "small"},
    }
    for message, changes in cases.items():
        with pytest.raises(PartitaError, match=message):
            train(etude_corpus, tmp_path / "run", replace(QUICK, **changes), start_from=stand_in, quiet=True)
    assert not (tmp_path / "run").exists()


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
