"""A comparison whose base is a student: its arms are students too, and no score needs bits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.run import compare
from partita.models.flows.iaf import IAF
from partita.runs.loading import load
from partita.training.config.model_kinds import student_of
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import like_model
from partita.training.train import train

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_student_is_compared_with_and_without_its_adversary(
    corpus: Corpus, tmp_path: Path, small: Callable[..., CompareConfig]
) -> None:
    settings = TrainConfig(size="tiny", steps=1, targets=256, preview_clips=0, tensorboard=False, threads=1)
    teacher = train(corpus, tmp_path / "teacher", settings, quiet=True)
    config = student_of(like_model(settings, teacher), teacher)
    assert config.iaf is not None
    shape = replace(config.iaf, flows=1, layers=4, condition_channels=8)
    student = train(corpus, tmp_path / "student", replace(config, iaf=shape, targets=2048), quiet=True)
    asked = small(out=tmp_path / "comparison", arms=("report",), start_from=str(student), targets=2048)
    scores: dict[str, Any] = compare(corpus, asked, log=lambda line: None)
    assert {"likelihood", "report"} <= set(scores["arms"])
    assert "bits_per_sample" not in scores["arms"]["report"]
    assert "mmd_timbre" in scores["arms"]["report"]
    for arm in ("likelihood", "report"):
        model = load(asked.out / "runs" / "0000" / arm).model
        assert isinstance(model, IAF) and model.shape.flows == 1
