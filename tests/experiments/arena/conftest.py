"""Fixtures: a small arena, and its scores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_models import corpus, four_classes, loaded, network, one_thread, quantizer

from partita.data.corpus import Corpus
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.run import arena

__all__ = ["corpus", "four_classes", "loaded", "network", "one_thread", "quantizer"]


@pytest.fixture(scope="session")
def small(corpus: Corpus) -> Callable[..., ArenaConfig]:
    """Make the config of an arena that takes seconds and is bitwise repeatable."""

    def make(out: Path, **changes: Any) -> ArenaConfig:
        sizes: dict[str, Any] = {
            "teacher_size": "tiny",
            "teacher_steps": 3,
            "start_steps": 3,
            "steps": 2,
            "seeds": 1,
            "validation_seeds": 1,
            "train_samples": 6000,
            "train_clips": 4,
            "clips": 3,
            "samples": 900,
            "targets": 256,
            "batch": 1,
            "temperatures": (1.0, 0.9),
            "device": "cpu",
            "precision": "float32",
            "threads": 1,
            "judge": "report-0",
            "arms": ("likelihood", "steer:particles=2,block=64"),
        }
        return ArenaConfig(**({"out": out, "corpus": corpus.path} | sizes | changes))

    return make


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory, small: Callable[..., ArenaConfig]) -> ArenaConfig:
    return small(tmp_path_factory.mktemp("arena") / "whole")


@pytest.fixture(scope="session")
def whole(asked: ArenaConfig) -> dict[str, Any]:
    """The scores of that arena, made without an interruption."""
    return arena(asked, log=lambda line: None)
