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
from partita.evaluation.arena_student import Student
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


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> ArenaConfig:
    return small(tmp_path_factory.mktemp("arena") / "whole", corpus)


@pytest.fixture(scope="module")
def whole(asked: ArenaConfig) -> dict[str, Any]:
    """The scores of an arena that nothing interrupted."""
    return arena(asked, say=lambda line: None)


def same_parts(scores: dict[str, Any]) -> dict[str, Any]:
    """Return all but the times."""
    return {name: value for name, value in scores.items() if name != "training"}


def test_scores_have_the_form_that_others_read(asked: ArenaConfig, whole: dict[str, Any]) -> None:
    assert json.loads((asked.out / "scores.json").read_text()) == whole
    assert set(whole["arms"]) == {"likelihood", "steer"}
    for arm in whole["arms"].values():
        for name, score in arm.items():
            assert name in whole["better"]
            assert score["low"] <= score["value"] <= score["high"]
            assert score["seeds"] == list(asked.test_seeds)
    assert {"kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", "runaway_share"} <= set(
        whole["arms"]["likelihood"]
    )
    assert whole["arms"]["likelihood"]["kl_sum"]["value"] > 0.0
    assert whole["training"]["likelihood"]["steps"] == 2
    assert set(whole["agreement"]) == {"steer"}


@pytest.mark.usefixtures("whole")
def test_arms_go_on_from_one_student(asked: ArenaConfig) -> None:
    runs = asked.out / "runs" / "0000"
    start, arm, judge = (load(runs / name).model.state_dict() for name in ("start", "likelihood", "report-0"))
    for name, value in arm.items():
        assert torch.equal(value, judge[name]), "weight 0 is likelihood"
    assert not torch.equal(start["end2"], arm["end2"])
    other = load(asked.out / "runs" / "1000" / "start").model.state_dict()
    assert not torch.equal(start["end2"], other["end2"])


def test_all_that_is_there_is_kept_and_more_may_be_asked_for(
    asked: ArenaConfig, whole: dict[str, Any]
) -> None:
    said: list[str] = []
    assert arena(asked, say=said.append) == whole
    assert not [line for line in said if "training" in line or "measuring" in line]
    with pytest.raises(PartitaError, match="was begun with `steps` 2, now it is 3"):
        arena(replace(asked, steps=3), say=said.append)


@pytest.mark.usefixtures("whole")
def test_the_teachers_clips_come_to_the_students_as_they_are(asked: ArenaConfig, corpus: Corpus) -> None:
    drawn = Truth(load(asked.out / "teacher"), corpus, 1).sound(
        clips=5, samples=asked.train_clip_samples, seed=asked.stream("clips")
    )
    clips = Corpus.open(asked.out / "clips")
    parts = [*clips.segments("train"), *clips.segments("validation")]
    found = [Quantiser().encode_int16(clips.samples[s.offset : s.offset + s.length]) for s in parts]
    np.testing.assert_array_equal(found, drawn)
    assert (len(clips.segments("train")), clips.sample_rate) == (4, corpus.sample_rate)


def test_a_second_temperature_is_measured_without_training(
    asked: ArenaConfig, whole: dict[str, Any], tmp_path: Path
) -> None:
    """On test seeds only what was chosen is measured; asked for more, the run is not made anew."""
    ground = Ground(asked, ArenaHome(asked.out), lambda line: None)
    student, entry = Student(ground, 0), asked.entries[0]
    path = ArenaHome(asked.out).run(entry, 0) / "metrics.jsonl"
    before = path.read_bytes()
    chosen = whole["choices"]["likelihood"]["temperature"]
    kept = student.result(entry, (chosen,))["curve"]
    assert [point["temperature"] for point in kept] == [chosen]
    more = student._measured(entry, (1.0, 0.7))
    assert [point["temperature"] for point in more["curve"]] == [1.0, 0.7]
    assert path.read_bytes() == before


@pytest.mark.slow
def test_two_processes_come_to_the_same_scores(
    whole: dict[str, Any], corpus: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = arena(small(tmp_path / "two", corpus, workers=2))
    assert same_parts(found) == same_parts(whole)
    assert "student 0, likelihood: measuring" in capfd.readouterr().err


@pytest.mark.slow
def test_a_mistake_in_another_process_is_said_in_this_one(corpus: Corpus, tmp_path: Path) -> None:
    config = small(tmp_path / "two", corpus, workers=2, arms=("critic:critic.run=/nowhere",))
    with pytest.raises(PartitaError, match="nowhere"):
        arena(config)


@pytest.mark.usefixtures("whole")
def test_students_of_another_arena_are_gone_on_with(
    asked: ArenaConfig, corpus: Corpus, tmp_path: Path
) -> None:
    said: list[str] = []
    config = replace(asked, out=tmp_path / "longer", students=asked.out, steps=3, arms=("likelihood",))
    found = arena(config, say=said.append)
    assert [line for line in said if "training" in line] == [
        f"student {seed}, likelihood: training" for seed in (1000, 0)
    ]
    assert found["training"]["likelihood"]["steps"] == 3
    assert "had `train_clips` 4, now it is 5" in refusal(replace(config, out=tmp_path / "b", train_clips=5))
    assert "is no arena" in refusal(replace(config, out=tmp_path / "c", students=corpus.path))


def refusal(config: ArenaConfig) -> str:
    with pytest.raises(PartitaError) as raised:
        arena(config, say=lambda line: None)
    return str(raised.value)


@pytest.mark.usefixtures("whole")
def test_a_critic_is_trained_once_and_the_oracle_needs_none(asked: ArenaConfig, tmp_path: Path) -> None:
    teacher, short = asked.out / "teacher", "rollout.clips=2,rollout.length=64,rollout.shortest=64"
    arms = tuple(f"{arm}:{short}" for arm in ("critic", "oracle"))
    config = replace(
        asked,
        out=tmp_path / "arena",
        teacher=teacher,
        teacher_steps=None,
        targets=1024,
        samples=1800,
        critic_size="tiny",
        critic_steps=2,
        arms=arms,
    )
    said: list[str] = []
    found = arena(config, say=said.append)
    assert said.count("the critic: training") == 1
    assert found["agreement"]["oracle"]["value"] == pytest.approx(1.0)
    assert -1.0 <= found["agreement"]["critic"]["value"] < 1.0
    assert "critic_seconds" in found["training"]["critic"]
    assert "critic_seconds" not in found["training"]["oracle"]
    for arm, judge in zip(config.entries, (config.out / "critic", teacher), strict=True):
        run = RunFolder.open(config.out / "runs" / "0000" / arm.folder).config()
        assert run["training"]["critic"]["run"] == str(judge)


@pytest.mark.usefixtures("whole")
def test_a_corpus_that_was_half_written_is_written_again(asked: ArenaConfig, tmp_path: Path) -> None:
    config = replace(asked, out=tmp_path, teacher=asked.out / "teacher", teacher_steps=None)
    (tmp_path / "clips" / ".preparing").mkdir(parents=True)
    made = Ground(config, ArenaHome(tmp_path), lambda line: None).clips
    assert made.fingerprint == Corpus.open(asked.out / "clips").fingerprint


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_a_killed_arena_ends_with_the_same_scores(
    whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    config, chance = small(tmp_path / "killed", corpus), random.Random(4)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["partita.evaluation.arena", "partita.models.stack_fused"])
    for sign in ("teacher", "results/likelihood/1000.json", "runs/0000/start"):
        process = context.Process(target=arena, args=(config,), kwargs={"say": print})
        process.start()
        deadline = time.monotonic() + 120
        while not (config.out / sign).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
        process.join(timeout=60)
        assert process.exitcode == -signal.SIGKILL, f"it ended before it was killed, after {sign}"
    found = arena(config, say=lambda line: None)
    assert same_parts(found) == same_parts(whole)
    runs = [config.out / "runs" / "0000" / name for name in ("start", "likelihood", "report-0")]
    assert all(RunFolder.open(run).finished for run in runs)
