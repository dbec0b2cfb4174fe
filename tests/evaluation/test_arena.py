"""The arena in miniature, and killed at random moments: it goes on, and ends with the same scores."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.audio.classes import Quantiser
from partita.audio.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.arena import arena
from partita.evaluation.arena_ground import Ground
from partita.evaluation.arena_home import ArenaHome
from partita.evaluation.arena_plan import ArenaConfig
from partita.evaluation.arena_truth import Truth
from partita.runs.folder import RunFolder
from partita.runs.loading import load


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small(out: Path, corpus: Corpus, **changes: Any) -> ArenaConfig:
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
        "samples": 600,
        "targets": 256,
        "batch": 1,
        "temperatures": (1.0, 0.9),
        "device": "cpu",
        "precision": "float32",
        "threads": 1,
        "arms": ("likelihood", "steer:particles=2,block=64"),
    }
    return ArenaConfig(**({"out": out, "corpus": corpus.path} | sizes | changes))


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, corpus: Corpus
) -> tuple[ArenaConfig, dict[str, Any], float]:
    """An arena that nothing interrupted, and how long it took, in seconds."""
    config = small(tmp_path_factory.mktemp("arena") / "whole", corpus)
    begun = time.monotonic()
    found = arena(config, say=lambda line: None)
    return config, found, time.monotonic() - begun


def same_parts(scores: dict[str, Any]) -> dict[str, Any]:
    """Return all but the times."""
    return {name: value for name, value in scores.items() if name != "training"}


def test_scores_have_the_form_that_others_read(whole: tuple[ArenaConfig, dict[str, Any], float]) -> None:
    config, found, _ = whole
    assert json.loads((config.out / "scores.json").read_text()) == found
    assert set(found["arms"]) == {"likelihood", "steer"}
    for arm in found["arms"].values():
        for name, score in arm.items():
            assert name in found["better"]
            assert score["low"] <= score["value"] <= score["high"]
            assert score["seeds"] == list(config.test_seeds)
    assert {"kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", "runaway_share"} <= set(
        found["arms"]["likelihood"]
    )
    assert found["arms"]["likelihood"]["kl_sum"]["value"] > 0.0
    assert found["training"]["likelihood"]["steps"] == 2


def test_arms_go_on_from_one_student(whole: tuple[ArenaConfig, dict[str, Any], float]) -> None:
    runs = whole[0].out / "runs" / "0000"
    start, arm, judge = (load(runs / name).model.state_dict() for name in ("start", "likelihood", "report-0"))
    for name, value in arm.items():
        assert torch.equal(value, judge[name]), "weight 0 is likelihood"
    assert not torch.equal(start["end2"], arm["end2"])
    other = load(whole[0].out / "runs" / "1000" / "start").model.state_dict()
    assert not torch.equal(start["end2"], other["end2"])


def test_all_that_is_there_is_kept_and_more_may_be_asked_for(
    whole: tuple[ArenaConfig, dict[str, Any], float],
) -> None:
    config, found, _ = whole
    said: list[str] = []
    assert arena(config, say=said.append) == found
    assert not [line for line in said if "training" in line or "measuring" in line]
    with pytest.raises(PartitaError, match="was begun with `steps` 2, now it is 3"):
        arena(replace(config, steps=3), say=said.append)


def test_the_teachers_clips_come_to_the_students_as_they_are(
    whole: tuple[ArenaConfig, dict[str, Any], float], corpus: Corpus
) -> None:
    config = whole[0]
    drawn = Truth(load(config.out / "teacher"), corpus, 1).sound(
        clips=5, samples=config.train_clip_samples, seed=config.stream("clips")
    )
    clips = Corpus.open(config.out / "clips")
    parts = [*clips.segments("train"), *clips.segments("validation")]
    found = [Quantiser().encode_int16(clips.samples[s.offset : s.offset + s.length]) for s in parts]
    np.testing.assert_array_equal(found, drawn)
    assert (len(clips.segments("train")), clips.sample_rate) == (4, corpus.sample_rate)


def test_a_corpus_that_was_half_written_is_written_again(
    whole: tuple[ArenaConfig, dict[str, Any], float], tmp_path: Path
) -> None:
    config = replace(whole[0], out=tmp_path, teacher=whole[0].out / "teacher", teacher_steps=None)
    (tmp_path / "clips" / ".preparing").mkdir(parents=True)
    made = Ground(config, ArenaHome(tmp_path), lambda line: None).clips
    assert made.fingerprint == Corpus.open(whole[0].out / "clips").fingerprint


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_a_killed_arena_ends_with_the_same_scores(
    whole: tuple[ArenaConfig, dict[str, Any], float], corpus: Corpus, tmp_path: Path
) -> None:
    _, expected, took = whole
    config, chance = small(tmp_path / "killed", corpus), random.Random(4)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["partita.evaluation.arena", "partita.models.stack_fused"])
    ends = []
    while len(ends) < 4:
        process = context.Process(target=arena, args=(config,), kwargs={"say": print})
        process.start()
        process.join(timeout=chance.uniform(0.3, 0.6) * took)
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
        process.join(timeout=60)
        ends.append(process.exitcode)
        if ends[-1] == 0:
            break
    found = arena(config, say=lambda line: None)
    assert ends.count(-signal.SIGKILL) >= 2
    assert same_parts(found) == same_parts(expected)
    runs = [config.out / "runs" / "0000" / name for name in ("start", "likelihood", "report-0")]
    assert all(RunFolder.open(run).finished for run in runs)
