"""A comparison that is interrupted, extended, or started from a given base."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare.config import CompareConfig
from partita.experiments.compare.context import CompareContext
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.run import compare
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.signals import Interrupted
from partita.storage import temporary_path
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.train import finished_run, train

Make = Callable[..., CompareConfig]
pytestmark = pytest.mark.usefixtures("one_thread")


def quiet(line: str) -> None:
    """Print nothing."""


def stop_at(stage: str) -> Callable[[str], None]:
    """Return a log that interrupts the comparison at a stage, as Ctrl-C does."""

    def log(line: str) -> None:
        if stage in line:
            raise KeyboardInterrupt

    return log


def results_in(out: Path) -> dict[str, bytes]:
    """Return the result files by arm and seed."""
    files = (out / "results").rglob("*.json")
    return {str(path.relative_to(out / "results")): path.read_bytes() for path in files}


def timeless(scores: dict[str, Any]) -> dict[str, Any]:
    """Return scores without the seconds of the trainings."""
    training = {
        arm: [{name: value for name, value in one.items() if name != "seconds"} for one in found]
        for arm, found in scores["training"].items()
    }
    return scores | {"training": training}


def test_an_interrupted_comparison_ends_with_the_same_scores(
    small: Make, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    config = small(tmp_path / "stopped")
    finished: list[int] = []
    for stage in ("seed 0, likelihood: training", "seed 1, report-0: scoring"):
        with pytest.raises(Interrupted, match="run the same command again to continue"):
            compare(corpus, config, log=stop_at(stage))
        finished.append(len(results_in(config.out)))
    assert finished == [0, 3]
    scores = json.loads((config.out / "scores.json").read_text())
    assert (scores["seeds"], scores["missing"], scores["pairs"]) == ([0], 1, [])
    left = temporary_path(config.out / "results" / "likelihood" / "0001.json")
    left.write_text("{")  # of a killed process
    before, lines = results_in(config.out), list[str]()
    assert timeless(compare(corpus, config, log=lines.append)) == timeless(whole)
    assert lines == ["seed 1, report-0: training", "seed 1, report-0: scoring"]
    after = results_in(config.out)
    assert {name: after[name] for name in before if name in after} == {
        name: content for name, content in before.items() if name != left.name and "0001.json." not in name
    }
    assert not left.exists()


@pytest.mark.usefixtures("whole")
def test_an_arm_that_is_added_later_leaves_the_others_unchanged(
    asked: CompareConfig, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    config = replace(asked, out=tmp_path / "more", arms=("report-0", "start"))
    shutil.copytree(asked.out, config.out)
    before, lines = results_in(config.out), list[str]()
    found = compare(corpus, config, log=lines.append)
    assert lines == ["seed 0, start: scoring", "seed 1, start: scoring"]
    after = results_in(config.out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"start/0000.json", "start/0001.json"}
    assert {name: found["arms"][name] for name in whole["arms"]} == whole["arms"]
    assert found["training"]["start"] == [{"steps": 0, "seconds": 0.0}] * 2
    new = [pair for pair in found["pairs"] if pair not in whole["pairs"]]
    assert {(pair["family"], pair["a"], pair["b"]) for pair in new} == {("continued", "likelihood", "start")}
    bits = {arm: found["arms"][arm]["bits_per_sample"]["value"] for arm in ("start", "likelihood")}
    assert bits["likelihood"] < bits["start"]


@pytest.mark.usefixtures("whole", "unscored")
def test_a_given_base_gives_the_arms_of_one_that_is_trained_here(
    asked: CompareConfig, small: Make, corpus: Corpus, tmp_path: Path
) -> None:
    base, lines = str(asked.out / "base"), list[str]()
    found = compare(corpus, small(tmp_path / "given", start_from=base), log=lines.append)
    assert not (tmp_path / "given" / "base").exists()
    assert not [line for line in lines if "base" in line]
    settings = found["made"]["settings"]
    assert settings["base"] == base and settings["base_weights"] is not None
    for run in ("0000/likelihood", "0000/report-0", "0001/likelihood", "0001/report-0"):
        one, other = (load(out / "runs" / run).model.state_dict() for out in (tmp_path / "given", asked.out))
        assert all(torch.equal(value, other[name]) for name, value in one.items())


def context_of(config: CompareConfig, corpus: Corpus, log: Callable[[str], None] = quiet) -> CompareContext:
    return CompareContext(config, CompareFolder(config.out), corpus, log)


def test_all_arms_are_drawn_with_the_frame_tier_of_the_base(
    small: Make, corpus: Corpus, tmp_path: Path
) -> None:
    frames = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16, layers=1)
    base = TrainConfig(
        size="tiny",
        condition=("features",),
        frames=frames,
        steps=2,
        targets=256,
        batch=1,
        validations=1,
        input_noise=0.5,
        preview_clips=0,
        tensorboard=False,
        threads=1,
    )
    run = train(corpus, tmp_path / "base", base, quiet=True)
    config = small(tmp_path / "comparison", start_from=str(run), arms=("report-0", "start"))
    context = context_of(config, corpus)
    context.make_base()
    assert context.frames is not None
    known = context.frames.state_dict()
    for spec in config.arm_specs:
        if spec.arm != "start":
            one = context.planned(spec, 0)
            assert (one.config.input_noise, one.config.frames.every) == (0.5, 0)
            finished_run(corpus, one.path, one.config, start_from=one.start_from, quiet=True)
        model = context.model(spec, 0)
        assert model.frames is not None
        assert all(torch.equal(value, known[name]) for name, value in model.frames.state_dict().items())
    arms = [context.model(ArmSpec(arm), 0).model.state_dict()["end2"] for arm in ("start", "likelihood")]
    assert not torch.equal(*arms)


def test_a_model_that_ships_can_be_the_base(small: Make, corpus: Corpus, tmp_path: Path) -> None:
    """Regression: it has no state to resume training from, in which the updates were looked for."""
    context = context_of(small(tmp_path / "comparison", start_from="bach-violin"), corpus)
    one = context.planned(ArmSpec("likelihood"), 0)
    assert one.start_from is not None and one.start_from.parts[-3:-1] == ("bach-violin", "checkpoints")
    assert one.config.condition == ("features", "notes")
    assert 0.0 < one.config.learning_rate < TrainConfig().learning_rate / 2  # after thousands of updates


@pytest.mark.usefixtures("whole")
def test_the_critic_is_trained_once_and_given_to_all_arms_that_need_one(
    asked: CompareConfig, small: Make, corpus: Corpus, tmp_path: Path
) -> None:
    config = small(
        tmp_path / "comparison",
        start_from=str(asked.out / "base"),
        arms=("report", "critic", "corrected:critic.weight=2"),
        critic_steps=2,
    )
    lines: list[str] = []
    context = context_of(config, corpus, lines.append)
    ready = [context.critic_is_ready]
    judges = {}
    for spec in config.arm_specs:
        critic = context.planned(spec, 0).config.critic
        judges[spec.name] = None if critic is None else critic.run
    path = str(config.out / "critic")
    assert judges == {"likelihood": None, "report": None, "critic": path, "corrected:critic.weight=2": path}
    assert lines == ["the critic: training"]
    ready.append(context.critic_is_ready)
    assert ready == [False, True]
    assert RunFolder.open(Path(path)).config()["training"]["steps"] == 2
    assert context_of(replace(config, arms=("report",)), corpus).critic_is_ready


def test_a_base_at_another_sample_rate_is_refused_before_anything_is_written(
    small: Make, asked: CompareConfig, whole: dict[str, Any], corpus: Corpus, tmp_path: Path
) -> None:
    assert whole
    other = Corpus(corpus.path, corpus.index | {"sample_rate": 4000})
    config = small(tmp_path / "comparison", start_from=str(asked.out / "base"))
    with pytest.raises(
        PartitaError, match=r"`sample_rate` 2000 but .* 4000: prepare .* `--sample-rate 2000`"
    ):
        compare(other, config, log=quiet)
    with pytest.raises(PartitaError, match="nowhere does not exist: give a run folder"):
        compare(corpus, replace(config, start_from="nowhere"), log=quiet)
    assert not config.out.exists()
