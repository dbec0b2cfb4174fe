"""The settings of a run that starts from a model are the model's: shapes, quantizer and conditions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stand_in import QUICK

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.sizes import SIZES, WaveNetConfig
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import to_table
from partita.runs.folder import RunFolder
from partita.training.config.tiers import with_conditions
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import like_model, sample_rate_of

SHAPE = WaveNetConfig(
    blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
)


def run_with(path: Path, network: WaveNetConfig, frames: FrameModelConfig | None = None) -> Path:
    """Write the config of a run."""
    tables: dict[str, Any] = {
        "corpus": {"path": "", "relative": "", "fingerprint": "00", "sample_rate": 8000},
        "network": to_table(network),
        "quantizer": to_table(Quantizer(kind="linear")),
        "training": {},
        "versions": {},
    }
    if frames is not None:
        tables["frames"] = to_table(frames)
    return RunFolder.create(path, tables, Checkpoint(tensors={}, state={"step": 0})).path


def test_one_tier_without_conditions(tmp_path: Path) -> None:
    found = like_model(TrainConfig(steps=7), run_with(tmp_path / "run", SIZES["tiny"]))
    assert (found.size, found.network, found.condition, found.steps) == ("tiny", None, ("none",), 7)
    assert found.quantizer == Quantizer(kind="linear")
    assert sample_rate_of(tmp_path / "run") == 8000


def test_two_tiers_with_features_notes_and_labels(tmp_path: Path) -> None:
    sample = FrameLayout(hop_length=80, bands=5, labels=("who=ann",))
    frames = FrameModelConfig(
        layout=FrameLayout(hop_length=80, bands=5, notes=True, labels=("who=ann",)),
        recurrent_channels=9,
        recurrent_layers=1,
    )
    network = WaveNetConfig(**{**to_table(SHAPE), "condition": sample})
    found = like_model(TrainConfig(), run_with(tmp_path / "run", network, frames))
    assert found.network == SHAPE
    assert found.condition == ("features", "notes", "labels")
    assert (found.frames.bands, found.frames.channels, found.frames.layers) == (5, 9, 1)
    assert found.frames.layout is None


def test_features_without_a_frame_tier(tmp_path: Path) -> None:
    network = WaveNetConfig(**{**to_table(SHAPE), "condition": FrameLayout(hop_length=80, bands=5)})
    found = like_model(TrainConfig(), run_with(tmp_path / "run", network))
    assert (found.condition, found.frames.bands) == (("features",), 5)
    assert found.frames.channels == TrainConfig().frames.channels


def test_notes_of_the_model_may_be_missing_in_the_corpus(etude_corpus: Corpus) -> None:
    config = replace(QUICK, condition=("features", "notes"))
    layout = with_conditions(config, etude_corpus, inherited=True).frames.layout
    assert layout is not None and layout.notes
    with pytest.raises(PartitaError, match=r"has 'notes', but the corpus .* has none"):
        with_conditions(config, etude_corpus)
    with pytest.raises(PartitaError, match=r"has 'notes', but the corpus .* has none"):
        with_conditions(replace(QUICK, condition=("notes",)), etude_corpus, inherited=True)
