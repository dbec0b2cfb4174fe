"""Exit statuses, messages of one line, and help that is quick."""

import os
import subprocess
import sys
from typing import Self

import pytest

from partita.cli import main as frame
from partita.cli.main import SUMMARIES, main
from partita.errors import PartitaError


class Failing:
    """A subcommand that fails in a given way."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def read(self, _arguments: list[str]) -> Self:
        return self

    def run(self) -> None:
        raise self.error


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    monkeypatch.setattr(frame, "import_module", lambda _name: Failing(error))
    return main(["train"])


def partita(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "partita", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )


def test_help_is_quick_and_names_every_subcommand() -> None:
    before = os.times()
    done = partita("--help")
    after = os.times()
    spent = sum(after[2:4]) - sum(before[2:4])  # of the processor: a busy machine must not cause failures
    assert done.returncode == 0
    assert done.stderr == ""
    assert all(f"  {name} " in done.stdout for name in SUMMARIES)
    assert spent < 1.0


def test_importing_partita_loads_no_torch() -> None:
    code = (
        "import sys, partita; assert not {'torch', 'numpy', 'numba'} & set(sys.modules); print(dir(partita))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "prepare" in done.stdout


def test_help_of_a_subcommand_loads_no_more_than_it_must() -> None:
    code = (
        "import sys\nfrom partita.cli.main import main\n"
        "assert main(['prepare', '--help']) == 0\n"
        "assert 'torch' not in sys.modules and 'numba' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_subcommand_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"usage: partita {name}" in out
    assert err == ""


def test_without_arguments_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: partita SUBCOMMAND")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("partita 0.")


def test_the_help_fits_a_screen_and_has_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) <= 23  # and the prompt
    assert max(map(len, rows)) <= 80
    titles = [row for row in rows if row.endswith(":") and not row.startswith(" ")]
    assert titles == ["start here:", "train:", "make sound:", "measure:"]


@pytest.mark.parametrize("rest", [[], ["--arm", "report"]])
def test_help_of_a_subcommand_can_be_asked_for_in_two_ways(
    rest: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help", "train", *rest]) == 0
    asked = capsys.readouterr().out
    assert main(["train", *rest, "--help"]) == 0
    assert asked == capsys.readouterr().out
    assert asked.startswith("usage: partita train ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["sing"], ""),
        (["trian"], " (did you mean train?)"),
        (["help", "evalute"], " (did you mean evaluate?)"),
        (["hepl"], " (did you mean help?)"),
    ],
)
def test_unknown_subcommand(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"partita: {words[-1]!r} is not a subcommand{meant}: `partita --help` lists them\n"


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (PartitaError("`gap` is -1,\n  must be 0 or more"), 2, "`gap` is -1, must be 0 or more"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(5, "Input/output error", "x.wav"), 1, "Input/output error: x.wav"),
        (
            OSError(28, "No space left on device", "x.wav"),
            2,
            "No space left on device: x.wav: make room on the disk, or write elsewhere",
        ),
        (
            PermissionError(13, "Permission denied", "/"),
            2,
            "Permission denied: /: change its permissions, or give another path",
        ),
    ],
)
def test_failures_become_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    line: str,
) -> None:
    assert fail_with(monkeypatch, error) == status
    assert capsys.readouterr().err == f"partita train: {line}\n"


def test_a_bug_is_one_line_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PARTITA_DEBUG", raising=False)
    assert fail_with(monkeypatch, RuntimeError("shapes differ\nat layer 3")) == 1
    err = capsys.readouterr().err
    assert err.startswith("partita train: unexpected RuntimeError: shapes differ at layer 3 (")
    assert "PARTITA_DEBUG=1" in err
    assert err.count("\n") == 1


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTITA_DEBUG", "1")
    with pytest.raises(RuntimeError, match="shapes differ"):
        fail_with(monkeypatch, RuntimeError("shapes differ"))


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "partita", "--help"], stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b""
