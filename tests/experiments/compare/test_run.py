"""A small comparison: its scores and files, what it says, and the twin that equals likelihood."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.data.corpus import Corpus
from partita.errors import DivergedError, PartitaError
from partita.experiments.compare import seed_task
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.page import write_compare_page
from partita.experiments.compare.run import compare
from partita.experiments.compare.scores import NOISED
from partita.runs import metrics
from partita.runs.loading import load
from partita.training import interleaved

Make = Callable[..., CompareConfig]
pytestmark = pytest.mark.usefixtures("one_thread")
TWIN = "report-0"


def quiet(line: str) -> None:
    """Print nothing."""


def test_scores_have_the_documented_form(asked: CompareConfig, whole: dict[str, Any]) -> None:
    assert json.loads((asked.out / "scores.json").read_text()) == whole
    assert set(whole["arms"]) == {"likelihood", TWIN, NOISED}
    for arm in whole["arms"].values():
        for score in arm.values():
            assert score["low"] <= score["value"] <= score["high"]
            assert score["seeds"] == whole["seeds"] == [0, 1]
    assert whole["pairs"][0]["primary"] is True
    assert {"score", "a", "b", "difference", "low", "high", "p", "p_corrected", "verdict", "seeds"} <= set(
        whole["pairs"][0]
    )
    assert {pair["score"] for pair in whole["pairs"]} <= set(whole["better"])
    assert whole["made"]["settings"]["steps"] == 2 and "torch" in whole["made"]["versions"]
    assert [one["steps"] for one in whole["training"][TWIN]] == [2, 2]
    assert "nearest_training_db" not in whole["arms"]["likelihood"]  # the clips are too short
    assert whole["missing"] == 0
    assert "with 2 seeds no difference can be significant: give 6 or more" in whole["warnings"]
    assert any("temperatures were chosen on 4 clips" in warning for warning in whole["warnings"])


def test_a_twin_of_weight_0_has_exactly_the_scores_of_likelihood(
    asked: CompareConfig, whole: dict[str, Any]
) -> None:
    assert len(whole["arms"]["likelihood"]) > 20
    assert whole["arms"][TWIN] == whole["arms"]["likelihood"]
    assert whole["curves"][TWIN] == whole["curves"]["likelihood"]
    first, *_ = whole["pairs"]
    assert (first["a"], first["difference"], first["p"]) == (TWIN, 0.0, 1.0)
    for seed in ("0000", "0001"):
        plain, twin = (
            load(asked.out / "runs" / seed / arm).model.state_dict() for arm in ("likelihood", TWIN)
        )
        assert all(torch.equal(value, twin[name]) for name, value in plain.items())


@pytest.mark.usefixtures("whole")
def test_all_arms_continue_from_the_base_and_seeds_differ(asked: CompareConfig) -> None:
    base, first, second = (
        load(asked.out / run).model.state_dict()["end2"]
        for run in ("base", "runs/0000/likelihood", "runs/0001/likelihood")
    )
    assert not torch.equal(base, first) and not torch.equal(first, second)
    distance = (first - base).abs().max()
    assert 0.0 < distance < 0.1  # of two updates; other weights would be far away


@pytest.mark.usefixtures("whole")
def test_the_first_clips_of_the_first_seed_are_on_the_page(
    asked: CompareConfig, whole: dict[str, Any], tmp_path: Path
) -> None:
    kept = {path.name: len(list(path.iterdir())) for path in (asked.out / "clips").iterdir()}
    assert kept == {"likelihood": 4, TWIN: 4, "real": 4}
    shutil.copytree(asked.out / "clips", tmp_path / "clips")
    page = write_compare_page(replace(asked, out=tmp_path), Path("corpus"), whole).read_text()
    assert page.count('src="data:audio/flac;base64,') == 12


def test_a_finished_comparison_is_neither_trained_nor_scored_again(
    asked: CompareConfig, whole: dict[str, Any], corpus: Corpus
) -> None:
    lines: list[str] = []
    before = {
        path: path.stat().st_mtime_ns for path in asked.out.rglob("*.json") if path.name != "scores.json"
    }
    assert compare(corpus.path, asked, log=lines.append) == whole
    assert lines == []
    assert before == {path: path.stat().st_mtime_ns for path in before}
    with pytest.raises(PartitaError, match="was started with `steps` 2, now it is 3"):
        compare(corpus, replace(asked, steps=3), log=quiet)
    assert json.loads((asked.out / "scores.json").read_text()) == whole


def test_an_empty_split_is_refused_before_anything_is_written(
    small: Make, corpus: Corpus, tmp_path: Path
) -> None:
    """Regression: only a given base was checked, and a new one was trained first."""
    recordings = [one for one in corpus.index["recordings"] if one["split"] != "test"]
    assert len(recordings) < len(corpus.index["recordings"])
    without = Corpus(corpus.path, corpus.index | {"recordings": recordings})
    with pytest.raises(PartitaError, match="has no sound in the split 'test': prepare it again"):
        compare(without, small(tmp_path / "comparison"), log=quiet)
    assert not (tmp_path / "comparison").exists()


def diverging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the training of every arm diverge."""

    def diverged(*_: Any, **__: Any) -> None:
        raise DivergedError("the loss is not finite")

    monkeypatch.setattr(seed_task, "finished_run", diverged)


def test_an_arm_that_diverges_is_left_out(
    asked: CompareConfig,
    whole: dict[str, Any],
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(asked, out=tmp_path / "copy", arms=(TWIN, "gumbel"), primary_arm=TWIN)
    shutil.copytree(asked.out, config.out)
    diverging(monkeypatch)
    found = compare(corpus, config, log=quiet)
    assert found["arms"] == whole["arms"]
    expected = "gumbel is left out: it diverged under the seeds 0, 1 (the loss is not finite)"
    assert expected in found["warnings"]
    monkeypatch.undo()
    assert compare(corpus, config, log=quiet) == found  # it is not tried again


@pytest.mark.usefixtures("whole")
def test_if_all_arms_diverge_there_is_no_verdict(
    asked: CompareConfig, small: Make, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: there were scores of no arm, of which no page can be made."""
    diverging(monkeypatch)
    config = small(tmp_path / "comparison", start_from=str(asked.out / "base"))
    with pytest.raises(PartitaError, match="no arm is left: likelihood is left out: it diverged"):
        compare(corpus, config, log=quiet)
    assert not (config.out / "scores.json").exists()


@pytest.mark.usefixtures("whole", "unscored")
def test_arms_of_equal_time_are_trained_in_turns(
    asked: CompareConfig, small: Make, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interleaved, "SHORTEST", 0.05)
    base = str(asked.out / "base")
    config = small(tmp_path / "timed", start_from=base, steps=None, minutes=0.01, seeds=1, long_clips=0)
    lines: list[str] = []
    found = compare(corpus, config, log=lines.append)
    for arm in ("likelihood", TWIN):
        records = metrics.read(config.out / "runs" / "0000" / arm / "metrics.jsonl")
        assert any(record["kind"] == "turn" for record in records)
        (training,) = found["training"][arm]
        assert training["seconds"] == pytest.approx(0.6, abs=0.5) and training["steps"] > 0
        assert f"{arm}: {training['steps']:,} updates" in "\n".join(lines)
    assert found["made"]["settings"]["minutes"] == 0.01
