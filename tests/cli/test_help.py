"""The help of subcommands, in groups and from the fields' docstrings; that of `train` is short, or whole."""

import re
from dataclasses import dataclass
from importlib import import_module

import pytest
from tyro.conf import Positional

from partita.cli.arguments import parse
from partita.cli.help import help_page
from partita.cli.main import SUMMARIES, main
from partita.cli.train import GROUPS, Command
from partita.training.config.arms import ARMS, with_arm
from partita.training.config.model_kinds import flow_like, gan_of, student_of
from partita.training.config.train import TrainConfig

OTHERS = [name for name in SUMMARIES if name != "train"]
SCREENS = 2 * 50  # rows
COLUMNS = 100


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


def flags(page: str) -> set[str]:
    """Return the options that a page names at the beginnings of its rows, with those that negate one."""
    named = re.findall(r"^[\s│]+(--\w[^\s,]*|--\[[^\s,]*)(?:, (--\w[^\s,]*))?", page, re.MULTILINE)
    found = {flag for pair in named for flag in pair if flag}
    return {flag.replace("[no-]", no) for flag in found for no in (("", "no-") if "[no-]" in flag else ("",))}


def help_of(capsys: pytest.CaptureFixture[str], *words: str, name: str = "train") -> str:
    assert main([name, *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("arm", ARMS)
def test_the_help_of_every_arm_fits_two_screens(arm: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = help_of(capsys, "--arm", arm, "--help").splitlines()
    assert len(rows) <= SCREENS
    assert max(map(len, rows)) <= COLUMNS
    assert [row for row in rows if row.endswith(":") and not row.startswith(" ")] == [
        f"{name}:" for name in GROUPS
    ]


def test_the_adversary_is_in_the_help_of_its_arm(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--adversary" not in help_of(capsys, "--help").replace("the adversary", "")
    assert "--adversary.weight FLOAT" in help_of(capsys, "--arm", "report", "-h")
    assert "--adversary.patchgan.layers" not in help_of(capsys, "--arm", "report", "--help")
    assert "--adversary.patchgan.layers" in help_of(capsys, "--arm", "report", "--help-all")
    assert "--critic.run PATH" not in help_of(capsys, "--arm", "report", "--help")
    assert "--critic.run STR" in help_of(capsys, "--arm", "critic", "--help")


@pytest.mark.parametrize("arm", ["likelihood", "report", "critic", "ddo"])
def test_help_all_names_exactly_the_options_that_are_taken(
    arm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = help_of(capsys, "--arm", arm, "--help-all")
    default = Command(settings=with_arm(TrainConfig(), arm))
    with pytest.raises(SystemExit):
        parse(Command, ["--help"], prog="partita train", default=default)
    assert flags(page) == flags(capsys.readouterr().out)


def test_the_groups_name_options_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    pages = [help_of(capsys, "--arm", arm, "--help-all") for arm in ("report", "critic", "ddo")]
    kinds = (gan_of(TrainConfig()), flow_like(TrainConfig()), student_of(TrainConfig(), "runs/teacher"))
    for settings in kinds:
        pages.append(help_page(Command(settings=settings), GROUPS, usage="", whole=True))
    for name in (name for names in GROUPS.values() for name in names):
        assert any(f"\n  {name}" in page for page in pages), name


def test_the_help_shows_the_settings_of_a_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(
        r"--learning-rate FLOAT .* \[default: 0.001\]", help_of(capsys, "--config", "report", "--help")
    )


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_subcommands_show_exactly_the_options_that_are_taken(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = help_of(capsys, "--help", name=name)
    with pytest.raises(SystemExit):
        parse(import_module(f"partita.cli.{name}").Command, ["--help"], prog=f"partita {name}")
    assert flags(page) == flags(capsys.readouterr().out)


@pytest.mark.parametrize("name", OTHERS)
def test_the_groups_of_the_other_subcommands_hold_every_option_once(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = help_of(capsys, "-h", name=name)
    groups = import_module(f"partita.cli.{name}").GROUPS
    options = [option for members in groups.values() for option in members]
    titles = [row for row in page.splitlines() if row.endswith(":") and not row.startswith(" ")]
    assert titles == [f"{title}:" for title in groups]
    assert len(options) == len(set(options))
    for option in options:
        assert f"\n  {option}" in page, option


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("columns", [60, COLUMNS, 200])
def test_the_other_subcommands_fit_the_screen(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = help_of(capsys, "--help", name=name).splitlines()
    usage, rest = rows[0], rows[1:]
    assert usage.startswith(f"usage: partita {name} ")
    assert max(map(len, rest)) <= min(columns, COLUMNS)
    assert not any("│" in row or "None" in row for row in rows)


def test_an_option_shows_its_choices_its_default_or_that_it_is_required(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = " ".join(help_of(capsys, "--help", name="generate").split())
    assert "--seconds TIME Length of each clip, in seconds. " in page
    assert "until the reader closes the pipe. --clips" in page
    assert "A pipe or a device gets a stream. [required] --format" in page
    assert "--clips INT Number of clips, which are drawn together. [default: 1]" in page
    assert "--format {wav,raw} Format of a stream." in page
    assert "--out PATH File for one clip" in page


@dataclass(frozen=True)
class Sing:
    """Sing a song."""

    song: Positional[str]
    """What."""
    times: int = 1
    """How often. At least once."""
    key: str | None = None
    """Key of the song."""


def test_a_page_has_the_usage_the_introduction_and_the_groups() -> None:
    groups = {"length": ("--times", "--unknown")}
    assert help_page(Sing, groups, usage="sing SONG [OPTIONS]", whole=False).splitlines() == [
        *("usage: sing SONG [OPTIONS]", "", "Sing a song.", ""),
        *("length:", "  --times INT             How often. [default: 1]"),
    ]
    assert help_page(Sing("a", times=2), groups, usage="sing", whole=True).splitlines()[4:] == [
        *("length:", "  --times INT             How often. At least once. [default: 2]", ""),
        *(
            "other:",
            "  SONG                    What. [default: a]",
            "  --key STR               Key of the song.",
        ),
    ]


def test_a_first_sentence_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    page = help_of(capsys, "--arm", "report", "--help") + help_of(capsys, "--arm", "critic", "--help")
    for text in re.split(r"^\s+(?=--|[A-Z]+ {2})", page, flags=re.MULTILINE):
        assert text.count("(") == text.count(")"), text
        assert text.count("`") % 2 == 0, text
