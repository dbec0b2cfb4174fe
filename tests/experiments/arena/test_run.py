"""A small arena: its scores, its folder, and what happens when it is continued or changed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.run import arena
from partita.experiments.arena.student import Student
from partita.experiments.arena.teacher import TeacherData
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.storage import temporary_path
from partita.training import interleaved

ARMS = ("likelihood", "report")

pytestmark = pytest.mark.usefixtures("one_thread")


def test_scores_have_the_documented_form(asked: ArenaConfig, whole: dict[str, Any]) -> None:
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
    assert whole["made"]["settings"]["steps"] == 2 and "torch" in whole["made"]["versions"]
    assert set(whole["agreement"]) == {"steer"}


@pytest.mark.usefixtures("whole")
def test_arms_continue_from_the_same_student(asked: ArenaConfig) -> None:
    runs = asked.out / "runs" / "0000"
    start, arm, judge = (load(runs / name).model.state_dict() for name in ("start", "likelihood", "report-0"))
    for name, value in arm.items():
        assert torch.equal(value, judge[name]), "weight 0 is likelihood"
    assert not torch.equal(start["end2"], arm["end2"])
    other = load(asked.out / "runs" / "1000" / "start").model.state_dict()
    assert not torch.equal(start["end2"], other["end2"])


@pytest.mark.usefixtures("whole")
def test_choices_are_written_before_the_scores_and_are_fixed(asked: ArenaConfig) -> None:
    chosen = json.loads((asked.out / "choices.json").read_text())
    assert (chosen["seeds"], set(chosen["arms"])) == ([1000], {"likelihood", "steer"})
    written, first = ((asked.out / name).stat().st_mtime_ns for name in ("choices.json", "scores.json"))
    assert written < first
    late = replace(asked, arms=(*asked.arms, "likelihood:clip=0.5"))
    assert "likelihood:clip=0.5 can't be added" in refusal(late)
    assert "give `--validation-seeds 1`" in refusal(replace(asked, validation_seeds=2))
    assert not (asked.out / "runs" / "1001").exists()


def test_scores_need_only_the_results(asked: ArenaConfig, whole: dict[str, Any], tmp_path: Path) -> None:
    """The large folders of students, clips and teacher may be removed."""
    for name in ("arena.json", "choices.json"):
        (tmp_path / name).write_bytes((asked.out / name).read_bytes())
    shutil.copytree(asked.out / "results", tmp_path / "results")
    assert arena(replace(asked, out=tmp_path), log=lambda line: None) == whole
    assert not (tmp_path / "clips").exists()


def test_a_finished_arena_is_not_trained_again(asked: ArenaConfig, whole: dict[str, Any]) -> None:
    lines: list[str] = []
    assert arena(asked, log=lines.append) == whole
    assert not [line for line in lines if "training" in line or "measuring" in line]
    with pytest.raises(PartitaError, match="was started with `steps` 2, now it is 3"):
        arena(replace(asked, steps=3), log=lines.append)


@pytest.mark.usefixtures("whole")
def test_the_training_clips_are_exactly_what_the_teacher_drew(asked: ArenaConfig, corpus: Corpus) -> None:
    drawn = TeacherData(load(asked.out / "teacher"), corpus, 1).draw(
        clips=5, samples=asked.train_clip_samples, seed=asked.stream("clips")
    )
    clips = Corpus.open(asked.out / "clips")
    parts = [*clips.segments("train"), *clips.segments("validation")]
    found = [Quantizer().encode_int16(clips.samples[s.offset : s.offset + s.length]) for s in parts]
    np.testing.assert_array_equal(found, drawn.sound)
    assert drawn.frames is None
    assert (len(clips.segments("train")), clips.sample_rate) == (4, corpus.sample_rate)


def test_a_further_temperature_is_evaluated_without_training(
    asked: ArenaConfig, whole: dict[str, Any], tmp_path: Path
) -> None:
    """The test students have the whole curve for the control, and the chosen temperature for other arms."""
    shutil.copytree(asked.out, tmp_path / "arena")
    config = replace(asked, out=tmp_path / "arena")
    folder = ArenaFolder(config.out)
    student, (control, steer) = Student(ArenaContext(config, folder, print), 0), config.arm_specs
    path = folder.run(control, 0) / "metrics.jsonl"
    before = path.read_bytes()
    chosen = whole["choices"]["steer"]["temperature"]
    curves = [student.result(spec, (chosen,))["curve"] for spec in (control, steer)]
    assert [[point["temperature"] for point in curve] for curve in curves] == [[1.0, 0.9], [chosen]]
    more = student.result(control, (1.0, 0.7))
    assert [point["temperature"] for point in more["curve"]] == [1.0, 0.7]
    assert folder.result(control, 0) == json.loads(json.dumps(more))
    assert path.read_bytes() == before


@pytest.mark.usefixtures("whole")
def test_students_of_another_arena_are_copied(asked: ArenaConfig, corpus: Corpus, tmp_path: Path) -> None:
    lines: list[str] = []
    config = replace(
        asked, out=tmp_path / "longer", students=asked.out, steps=5, arms=("likelihood", "start")
    )
    found = arena(config, log=lines.append)
    assert [line for line in lines if "training" in line] == [
        f"student {seed}, likelihood: training" for seed in (1000, 0)
    ]
    assert (found["training"]["likelihood"]["steps"], found["training"]["start"]["steps"]) == (5, 0)
    measured = json.loads((config.out / "results" / "start" / "0000.json").read_text())["curve"]
    student = Student(ArenaContext(config, ArenaFolder(config.out), lines.append), 0)
    untrained = load(asked.out / "runs" / "0000" / "start").wavenet
    again = student.evaluator.curve(untrained, [point["temperature"] for point in measured])
    assert measured == json.loads(json.dumps(again))
    assert {(pair["family"], pair["a"], pair["b"]) for pair in found["pairs"]} == {
        ("continued", "likelihood", "start")
    }
    assert "had `train_clips` 4, now it is 5" in refusal(replace(config, out=tmp_path / "b", train_clips=5))
    assert "is not the folder of an arena" in refusal(
        replace(config, out=tmp_path / "b", students=corpus.path)
    )
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "arena.json").write_bytes((asked.out / "arena.json").read_bytes())
    assert "has no clips and no students yet" in refusal(
        replace(config, out=tmp_path / "b", students=unfinished)
    )
    assert not (tmp_path / "b").exists()
    assert arena(replace(config, students=tmp_path / "moved"), log=lines.append) == found


def refusal(config: ArenaConfig) -> str:
    with pytest.raises(PartitaError) as raised:
        arena(config, log=lambda line: None)
    return str(raised.value)


@pytest.mark.usefixtures("whole")
def test_the_critic_is_trained_once_and_the_oracle_is_the_teacher(asked: ArenaConfig, tmp_path: Path) -> None:
    teacher, short = asked.out / "teacher", "rollout.clips=2,rollout.length=64,rollout.initial_length=64"
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
        arms=(*arms, "steer:particles=2,block=50"),
        judge=arms[0],
    )
    lines: list[str] = []
    found = arena(config, log=lines.append)
    assert lines.count("the critic: training") == 1
    assert found["agreement"]["oracle"]["value"] == pytest.approx(1.0)
    assert -1.0 <= found["agreement"]["critic"]["value"] < 1.0
    assert "critic_seconds" in found["training"]["critic"]
    assert "critic_seconds" not in found["training"]["oracle"]
    assert found["heard"] == {"critic": [1.0], "oracle": [1.0]}
    seconds = found["training"]["critic"]["critic_seconds"]
    assert found["training"]["steer"]["critic_seconds"] == seconds  # the same critic steers
    assert found["arms"]["steer"]["kl_reverse_bound"]["value"] > 0.0
    for arm, judge in zip(config.arm_specs[:2], (config.out / "critic", teacher), strict=True):
        run = RunFolder.open(config.out / "runs" / "0000" / arm.folder).config()
        assert run["training"]["critic"]["run"] == str(judge)


@pytest.mark.usefixtures("whole")
def test_an_incomplete_corpus_is_written_again(asked: ArenaConfig, tmp_path: Path) -> None:
    config = replace(asked, out=tmp_path, teacher=asked.out / "teacher", teacher_steps=None)
    (tmp_path / "clips" / ".preparing").mkdir(parents=True)
    made = ArenaContext(config, ArenaFolder(tmp_path), lambda line: None).clips
    assert made.fingerprint == Corpus.open(asked.out / "clips").fingerprint


@pytest.mark.usefixtures("whole")
def test_arms_of_equal_time_are_trained_in_turns(
    asked: ArenaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interleaved, "SHORTEST", 0.05)
    config = replace(
        asked,
        out=tmp_path,
        teacher=asked.out / "teacher",
        teacher_steps=None,
        steps=None,
        minutes=0.01,
        arms=("likelihood", "report", "start"),
    )
    lines: list[str] = []
    found = arena(config, log=lines.append)
    for seed in (0, 1000):
        records = [metrics.read(tmp_path / "runs" / f"{seed:04d}" / arm / "metrics.jsonl") for arm in ARMS]
        assert all(any(record["kind"] == "turn" for record in rows) for rows in records)
        (line,) = [line for line in lines if line.endswith("updates") and f"student {seed}," in line]
        assert all(f"student {seed}, {arm}: " in line for arm in ARMS)
    assert all(found["steps"][arm][0] > 0 for arm in ARMS)
    assert f"student 0, report: {found['steps']['report'][0]} updates" in "; ".join(lines).split("; ")


@pytest.mark.usefixtures("whole")
def test_leftovers_of_a_killed_arena_are_removed(
    asked: ArenaConfig, whole: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(asked.out, tmp_path / "arena")
    left = [
        temporary_path(tmp_path / "arena" / place)
        for place in (
            "scores.json",
            "results/likelihood/0000.json",
            "runs/0000/likelihood/checkpoints/step-9",
        )
    ]
    for path in left:
        path.write_text("{")
    assert arena(replace(asked, out=tmp_path / "arena"), log=lambda line: None) == whole
    assert not any(path.exists() for path in left)
