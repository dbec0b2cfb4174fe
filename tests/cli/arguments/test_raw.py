"""`~` is expanded at the start of every value; impossible arguments are refused."""

import os
from pathlib import Path

import pytest

from partita.cli.arguments.raw import clean_arguments, expand_home
from partita.cli.main import SUMMARIES, main
from partita.errors import PartitaError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HOME", str(tmp_path))
    return str(tmp_path)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("--out=~/corpus", "--out={home}/corpus"),
        ("~/corpus", "{home}/corpus"),
        ("--out=~", "--out={home}"),
        ("critic:critic.run=~/run", "critic:critic.run={home}/run"),
        ("--out=~no-such-user/x", "--out=~no-such-user/x"),
        ("--test=a~b*", "--test=a~b*"),
        ("~backup.wav", "~backup.wav"),
        ("--arms=critic:critic.run=x", "--arms=critic:critic.run=x"),
    ],
)
def test_a_home_in_place_of_the_tilde(home: str, word: str, meant: str) -> None:
    assert expand_home(word) == meant.format(home=home)


def test_another_users_home() -> None:
    pwd = pytest.importorskip("pwd")
    user = pwd.getpwuid(os.getuid())
    assert expand_home(f"--out=~{user.pw_name}/x") == f"--out={user.pw_dir}/x"


def test_no_folder_is_called_tilde(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # regression: `--out='~/corpus'` made a folder called `~`
    monkeypatch.chdir(tmp_path)
    for words in (
        ["prepare", "~/nowhere", "--out=~/c"],
        ["train", "--resume=~/no"],
        ["evaluate", "~/r", "c"],
    ):
        assert main(words) == 2
        assert "~" not in capsys.readouterr().err
    assert not Path("~").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", ""], "the value of `--out` is empty: give a value"),
        (["--out="], "the argument `--out=` is empty"),
        ([""], "the first argument is empty"),
        (["a\0b"], "'a\\x00b' holds a NUL character"),
        (["\ud800"], "holds a character that no file name can have"),
    ],
)
@pytest.mark.parametrize("name", SUMMARIES)
def test_impossible_arguments_are_refused(
    capsys: pytest.CaptureFixture[str], name: str, words: list[str], told: str
) -> None:
    assert main([name, *words]) == 2
    assert told in capsys.readouterr().err


def test_all_else_is_left_alone() -> None:
    words = ["--out", "x", "--test", "*-1*", "é", "\udce9", "=", "a=b", " "]
    assert clean_arguments(words) == words
    with pytest.raises(PartitaError):
        clean_arguments([*words, "\0"])
