"""Control characters are escaped on a terminal; other programs get the exact bytes of names."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_terminal import FakeTerminal
from hypothesis import given
from hypothesis import strategies as st

from partita.cli.main import main
from partita.errors import PartitaError
from partita.progress import ProgressBar
from partita.terminal import print_line, print_note, printable
from partita.training.monitoring.progress import ProgressDisplay

EVIL = "a\x1b]0;owned\x07\x9b2J\u202egnp\udce9[/x]"


def is_harmless(text: str) -> bool:
    codes = {ord(character) for character in text}
    controls = {*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F}
    controls |= {*range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)}
    return not codes & controls


@given(st.text(st.characters(codec=None)))
def test_printable_text_has_no_control_characters_and_surrogates(text: str) -> None:
    assert is_harmless(printable(text))
    if is_harmless(text):
        assert printable(text) == text


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_gets_escapes(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    out, err = FakeTerminal(encoding), FakeTerminal(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    print_line(Path("runs") / EVIL / "é")
    print_note(f"skipped {EVIL}: é")
    for stream in (out, err):
        (line,) = stream.text().splitlines()
        assert is_harmless(line)
        assert r"a\x1b]0;owned\x07\u009b2J\u202egnp\xe9[/x]" in line


def test_a_program_gets_the_bytes_of_a_name_in_any_encoding() -> None:
    name = b"m\xe9lodies/\xc3\xa9\x1b[0m"
    code = f"import os; from partita.terminal import print_line; print_line(os.fsdecode({name!r}))"
    for variables in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {}):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env=os.environ | variables, check=True
        )
        assert done.stdout == name + b"\n"


def test_a_full_disk_behind_standard_output_is_refused() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as out, contextlib.redirect_stdout(out):
        with pytest.raises(PartitaError, match=r"can't be written to \(No space left on device\)"):
            print_line("runs/a")
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # the stream still holds the line


def test_errors_and_bars_show_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    # regression: a file name could change the title of the terminal, and `[/x]` ended the bar
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    err = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["train", f"/nowhere/{EVIL}", "--out", "x"]) == 2
    with ProgressBar(EVIL, 2.0, details=True) as bar:
        bar.update(1.0, EVIL, details=EVIL)
    with ProgressDisplay(EVIL) as display:
        display.say(EVIL)
        with display.busy("scoring"):
            pass
    shown = err.text()
    assert "owned" in shown
    assert "\x07" not in shown
    assert "\x1b]" not in shown
    assert "\u202e" not in shown
