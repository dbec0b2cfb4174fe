"""Real shells complete subcommands, options, choices and files with the scripts."""

import shutil
import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from partita.cli.completion.words import Subcommand, all_subcommands
from partita.cli.help import flags_of
from partita.cli.main import SUMMARIES, main
from partita.errors import PartitaError
from partita.training.config.train import TrainConfig

ASK_BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_partita
printf '%s\\n' "${COMPREPLY[@]}"
"""
ASK_FISH = "source $argv[1]; complete -C $argv[2]"
LINES: dict[str, set[str]] = {
    "partita tr": {"train"},
    "partita help ev": {"evaluate"},
    "partita train --siz": {"--size"},
    "partita train --size t": {"tiny"},
    "partita train --adversary.loss hi": {"hinge"},
    "partita train --arm reports": set(),
    "partita prepare recordings --no-t": {"--no-trim"},
    "partita bench tr": {"training"},
    "partita bench --model b": {"bach-violin"},
    "partita completion z": {"zsh"},
    "partita models bach": {"bach-violin"},
    "partita generate b": {"bach-violin"},
    "partita generate pro": {"prompt.wav"},
    "partita generate bach-violin --steer pro": {"prompt.wav"},
    "partita generate bach-violin --prime pro": {"prompt.wav"},
    "partita generate bach-violin --seed pro": set(),
    "partita compare corpus --arms report criti": {"critic", "critic-0"},
    "partita compare corpus --seeds 3 --minutes criti": set(),
}
"""What is typed before Tab, and what is offered."""


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """Write the script of a shell, and a file to complete."""
    (tmp_path / "prompt.wav").touch()
    assert main(["completion", request.param]) == 0
    path = tmp_path / f"partita.{request.param}"
    path.write_text(capfd.readouterr().out)
    return path


def answer(command: list[str], folder: Path) -> set[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return {line.partition("\t")[0] for line in done.stdout.splitlines() if line}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("script", ["bash"], indirect=True)
def test_bash(script: Path, tmp_path: Path) -> None:
    bash = ["bash", "--norc", "-c", ASK_BASH, "bash", str(script)]
    for line, offered in LINES.items():
        assert answer([*bash, *line.split(" ")], tmp_path) == offered, line
    assert answer([*bash, "partita", ""], tmp_path) == {*SUMMARIES, "help", "--help", "--version"}
    assert answer([*bash, "partita", "train", "--size", "=", "t"], tmp_path) == {"tiny"}
    assert answer([*bash, "partita", "generate", "x", "--format", "="], tmp_path) == {"wav", "raw"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_fish(script: Path, tmp_path: Path) -> None:
    fish = ["fish", "--no-config", "-c", ASK_FISH, str(script)]
    for line, offered in LINES.items():
        assert answer([*fish, line], tmp_path) == offered, line
    assert answer([*fish, "partita "], tmp_path) == set(SUMMARIES)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh_reads_the_script(script: Path, tmp_path: Path) -> None:
    check = "compdef() { print -r -- $1 $2 }; source $1; print -r -- $+functions[_partita]"
    assert answer(["zsh", "-f", "-c", check, "zsh", str(script)], tmp_path) == {"_partita partita", "1"}


@pytest.fixture(scope="module")
def subcommands() -> dict[str, Subcommand]:
    return {one.name: one for one in all_subcommands()}


def test_every_option_is_completed(subcommands: dict[str, Subcommand]) -> None:
    assert list(subcommands) == list(SUMMARIES)
    for name, found in subcommands.items():
        command = import_module(f"partita.cli.{name}").Command
        assert {flag.name for flag in found.flags} >= set(flags_of(command)), name
        assert all(flag.text for flag in found.flags)


@pytest.mark.parametrize("option", ["size", "device", "precision", "optimizer", "augment"])
def test_training_takes_exactly_the_choices(option: str, subcommands: dict[str, Subcommand]) -> None:
    (value,) = [flag.value for flag in subcommands["train"].flags if flag.name == f"--{option}"]
    assert value is not None and value.choices
    for choice in value.choices:
        config_with(option, choice)
    with pytest.raises(PartitaError, match=", ".join(value.choices)):
        config_with(option, "another")


def config_with(option: str, choice: str) -> TrainConfig:
    changes: dict[str, Any] = {option: choice}
    return replace(TrainConfig(), **changes)
