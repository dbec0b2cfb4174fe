"""The progress bar, the counter of work in threads, and the format of durations."""

import sys
import threading

import pytest
from fake_terminal import FakeTerminal

from partita.progress import ProgressBar, WorkCounter, format_duration


def test_without_a_terminal_the_bar_is_printed_once_if_there_was_an_update(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressBar("counting", 4):
        pass
    assert capsys.readouterr() == ("", "")
    with ProgressBar("counting", 4) as bar:
        bar.update(1)
        bar.update(2)
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("counting") and "50%" in line


def test_a_transient_bar_is_not_printed_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar("counting", 4, transient=True, details=True) as bar:
        bar.update(1, details="a.wav")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_label_percentage_and_details(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with ProgressBar("preparing", details=True) as bar:
        bar.update(1, "still preparing", total=4, details="a.wav")
    shown = terminal.text()
    assert "still preparing" in shown and "25%" in shown and "a.wav" in shown


def test_work_of_several_threads_adds_up() -> None:
    reports: list[tuple[float, float, str]] = []
    counter = WorkCounter(lambda done, total, name: reports.append((done, total, name)))
    counter.expect(400)

    def work() -> None:
        for _ in range(100):
            counter.add(1, "a.wav")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done for done, _, _ in reports] == list(range(1, 401))
    assert {(total, name) for _, total, name in reports} == {(400, "a.wav")}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3725.2, "1:02:05")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
