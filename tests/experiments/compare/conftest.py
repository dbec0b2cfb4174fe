"""Fixtures: a small comparison, its scores, and results made by hand."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_models import corpus, loaded, network, one_thread, quantizer

from partita.data.corpus import Corpus
from partita.experiments.compare import seed_task
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.measure import Measure
from partita.experiments.compare.run import compare

__all__ = ["corpus", "loaded", "network", "one_thread", "quantizer"]

Make = Callable[..., CompareConfig]
Results = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def small() -> Make:
    """Make the config of a comparison that takes seconds and is bitwise repeatable."""

    def make(out: Path, **changes: Any) -> CompareConfig:
        sizes: dict[str, Any] = {
            "arms": ("report-0",),
            "seeds": 2,
            "steps": 2,
            "targets": 256,
            "batch": 1,
            "temperatures": (1.0, 0.9),
            "clips": 4,
            "seconds": 0.5,
            "prompt_seconds": 0.2,
            "bits_seconds": 0.5,
            "long_clips": 2,
            "long_seconds": 2.0,
            "device": "cpu",
            "precision": "float32",
            "threads": 1,
        }
        base = {"size": "tiny", "condition": ("none",), "base_steps": 3}
        given = base.keys() if "start_from" in changes else ()
        whole: dict[str, Any] = {"out": out} | sizes | base | changes
        return CompareConfig(**{name: value for name, value in whole.items() if name not in given})

    return make


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory, small: Make) -> CompareConfig:
    return small(tmp_path_factory.mktemp("compare") / "whole")


@pytest.fixture(scope="session")
def whole(asked: CompareConfig, corpus: Corpus) -> dict[str, Any]:
    """The scores of that comparison, made without an interruption."""
    return compare(corpus, asked, log=lambda line: None)


def measured(seed: int, value: float) -> dict[str, Any]:
    """Return a result whose primary score is `value`, and whose other scores follow from it."""
    score = {"value": value, "low": value - 0.1, "high": value + 0.1}
    scores: dict[str, dict[str, Any]] = {
        "mmd_log_mel": {**score, "real": {**score, "value": 0.01 * seed}},
        "told_apart": {**score, "value": 0.5 + value / 10},
        "bits_per_sample": {**score, "value": 4.0 + value, "upper_bound": True},
        "noise_db_mmd_log_mel": {**score, "value": 20.0 - value},
        "voiced_share": {**score, "value": float(seed % 2)},
    }
    noisy: dict[str, Any] = {
        name: one | {"value": one["value"] + 0.25}
        for name, one in scores.items()
        if name in ("mmd_log_mel", "told_apart", "voiced_share")
    }
    return {
        "seed": seed,
        "training": {"steps": 10, "seconds": 5.0},
        "temperature": 0.9,
        "curve": [
            {
                "temperature": temperature,
                "validation": {"mmd_log_mel": value + temperature},
                "test": {"mmd_log_mel": value - temperature},
            }
            for temperature in (1.0, 0.9)
        ],
        "scores": scores,
        "noised": noisy,
        "warnings": [],
        "trained_with": [],
        "about": {"clips": 4, "clip_seconds": 0.5, "opening_seconds": 0.2},
    }


@pytest.fixture(scope="session")
def results_of() -> Callable[[Mapping[str, Sequence[float]]], Results]:
    """Make results from the primary score of each arm under each seed."""

    def make(values: Mapping[str, Sequence[float]]) -> Results:
        return {
            arm: [measured(seed, value) | {"arm": arm} for seed, value in enumerate(found)]
            for arm, found in values.items()
        }

    return make


@pytest.fixture
def unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every arm the same scores, made by hand, in place of drawing clips."""
    apart = ("seed", "training", "trained_with")  # these are not measured on clips
    result = {name: value for name, value in measured(0, 0.5).items() if name not in apart}
    monkeypatch.setattr(Measure, "__call__", lambda *_, **__: SimpleNamespace(result=result))
    monkeypatch.setattr(seed_task, "keep_clips", lambda *_: None)
