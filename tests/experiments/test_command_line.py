"""Commands on the pages: they can be typed, and an experiment's command gives its config back."""

import shlex
from importlib import import_module
from pathlib import Path

import pytest

from partita.cli.arena import read as read_arena
from partita.cli.compare import read as read_compare
from partita.cli.evaluate import read as read_evaluate
from partita.evaluation.evaluate import EvaluateConfig
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.command_line import experiment_command
from partita.experiments.compare.config import CompareConfig
from partita.reports.next_steps import model_steps


def words(command: str, name: str) -> list[str]:
    program, subcommand, *rest = shlex.split(command)
    assert (program, subcommand) == ("partita", name)
    return rest


@pytest.mark.parametrize(
    "config",
    [
        CompareConfig(out=Path("a b"), arms=("report", "again"), seeds=2, steps=5, start_from="bach-violin"),
        CompareConfig(out=Path("c"), minutes=2.5, temperatures=(1.0, 0.9), condition=("none",), seed=3),
    ],
)
def test_a_comparison_is_repeated_by_its_command(config: CompareConfig) -> None:
    found = read_compare(words(experiment_command("compare", config, Path("my corpus")), "compare"))
    assert (found.config, found.corpus) == (config, Path("my corpus"))


def test_an_arena_is_repeated_by_its_command() -> None:
    config = ArenaConfig(
        out=Path("a b"), arms=("report:adversary.weight=0.3",), corpus=Path("c"), minutes=1.5
    )
    assert read_arena(words(experiment_command("arena", config), "arena")).config == config


def test_an_evaluation_is_repeated_by_its_command() -> None:
    config = EvaluateConfig(clips=4, temperature=0.8)
    command = experiment_command("evaluate", config, Path("runs/a"), Path("corpus"))
    found = read_evaluate(words(command, "evaluate"))
    assert (found.config, found.models, found.corpus) == (config, ("runs/a",), Path("corpus"))


@pytest.mark.parametrize("finished", [True, False])
def test_every_step_is_a_command_that_can_be_typed(finished: bool) -> None:
    steps = model_steps("bach-violin", Path("my corpus"), Path("my demo"), finished=finished)
    assert len({step.title for step in steps}) == len(steps) == 5
    for step in steps:
        _, name, *rest = shlex.split(step.command)
        import_module(f"partita.cli.{name}").read(rest)
    assert any("--resume" in step.command for step in steps) != finished
