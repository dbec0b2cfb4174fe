"""The help of `partita train`: short and in groups, or whole; both come from the fields' docstrings."""

import re

import pytest

from partita.cli.arguments import parse
from partita.cli.main import main
from partita.cli.train import GROUPS, Command
from partita.training.config.arms import ARMS, with_arm
from partita.training.config.train import TrainConfig

SCREENS = 2 * 50  # rows
COLUMNS = 100


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


def flags(page):
    """Return the options that a page names at the beginnings of its rows, with those that negate one."""
    named = re.findall(r"^[\s│]+(--\w[^\s,]*|--\[[^\s,]*)(?:, (--\w[^\s,]*))?", page, re.MULTILINE)
    found = {flag for pair in named for flag in pair if flag}
    return {flag.replace("[no-]", no) for flag in found for no in (("", "no-") if "[no-]" in flag else ("",))}


def help_of(capsys, *words):
    assert main(["train", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("arm", ARMS)
def test_the_help_of_every_arm_fits_two_screens(arm, capsys):
    rows = help_of(capsys, "--arm", arm, "--help").splitlines()
    assert len(rows) <= SCREENS
    assert max(map(len, rows)) <= COLUMNS
    assert [row for row in rows if row.endswith(":") and not row.startswith(" ")] == [
        f"{name}:" for name in GROUPS
    ]


def test_the_adversary_is_in_the_help_of_its_arm(capsys):
    assert "--adversary" not in help_of(capsys, "--help").replace("the adversary", "")
    assert "--adversary.weight FLOAT" in help_of(capsys, "--arm", "report", "-h")
    assert "--adversary.patchgan.layers" not in help_of(capsys, "--arm", "report", "--help")
    assert "--adversary.patchgan.layers" in help_of(capsys, "--arm", "report", "--help-all")
    assert "--critic.run PATH" not in help_of(capsys, "--arm", "report", "--help")
    assert "--critic.run STR" in help_of(capsys, "--arm", "critic", "--help")


@pytest.mark.parametrize("arm", ["likelihood", "report", "critic"])
def test_help_all_names_exactly_the_options_that_are_taken(arm, capsys):
    page = help_of(capsys, "--arm", arm, "--help-all")
    default = Command(settings=with_arm(TrainConfig(), arm))
    with pytest.raises(SystemExit):
        parse(Command, ["--help"], prog="partita train", default=default)
    assert flags(page) == flags(capsys.readouterr().out)


def test_the_groups_name_options_that_there_are(capsys):
    pages = [help_of(capsys, "--arm", arm, "--help-all") for arm in ("report", "critic")]
    for name in (name for names in GROUPS.values() for name in names):
        assert any(f"\n  {name}" in page for page in pages), name


def test_the_help_shows_the_settings_of_a_config(capsys):
    assert re.search(
        r"--learning-rate FLOAT .* \[default: 0.001\]", help_of(capsys, "--config", "report", "--help")
    )


def test_a_first_sentence_is_whole(capsys):
    page = help_of(capsys, "--arm", "report", "--help") + help_of(capsys, "--arm", "critic", "--help")
    for text in re.split(r"^\s+(?=--|[A-Z]+ {2})", page, flags=re.MULTILINE):
        assert text.count("(") == text.count(")"), text
        assert text.count("`") % 2 == 0, text
