"""Comparisons with several workers, on this machine or by Ray, reach the scores of one."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.run import compare

Make = Callable[..., CompareConfig]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def check_equal(found: dict[str, Any], whole: dict[str, Any]) -> None:
    """Check that two comparisons have the same scores, verdicts and numbers of updates."""
    for part in ("arms", "pairs", "better", "seeds", "temperatures", "curves", "warnings", "about"):
        assert found[part] == whole[part], part
    steps = [
        {arm: [one["steps"] for one in training] for arm, training in scores["training"].items()}
        for scores in (found, whole)
    ]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_two_workers_reach_the_same_scores(
    engine: str, small: Make, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    if engine == "ray":
        pytest.importorskip("ray")
    found = compare(corpus, small(tmp_path / "two", workers=2, engine=engine))
    check_equal(found, whole)
    assert not multiprocessing.active_children() or engine == "ray"


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_a_comparison_that_is_killed_twice_ends_with_the_same_scores(
    small: Make, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    config, chance = small(tmp_path / "killed"), random.Random(5)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["partita.experiments.compare.run", "partita.ops.gated_stack.autograd"])
    for sign in ("runs/0000/report-0", "results/likelihood/0000.json"):
        process = context.Process(target=compare, args=(corpus, config))
        process.start()
        deadline = time.monotonic() + 120
        while not (config.out / sign).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
        process.join(timeout=60)
        assert process.exitcode == -signal.SIGKILL, f"it ended before it was killed, after {sign}"
    check_equal(compare(corpus, config), whole)


def test_paths_may_be_relative_for_workers(
    small: Make,
    asked: CompareConfig,
    whole: dict[str, Any],
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").symlink_to(asked.out / "base")
    relative = Corpus.open(corpus.path)
    found = compare(relative, small(Path("two"), start_from="base", workers=2))
    assert found["arms"] == whole["arms"]
    assert (tmp_path / "two" / "scores.json").is_file()


def test_an_error_in_one_worker_stops_all(
    small: Make, asked: CompareConfig, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    assert whole
    config = small(tmp_path / "two", start_from=str(asked.out / "base"), workers=2)
    with CompareFolder(config.out).lock(config, corpus):
        (config.out / "runs" / "0000" / "likelihood").mkdir(parents=True)
    with pytest.raises(PartitaError, match="0000/likelihood"):
        compare(corpus, config)
    assert not (config.out / "scores.json").exists()
    assert not multiprocessing.active_children()
