"""The page is plain outside terminals, and never wider than the terminal where a line can be broken."""

from partita.doctor.diagnosis import Diagnosis, Fact
from partita.doctor.finding import Finding
from partita.doctor.terminal.page import page_lines

DIAGNOSIS = Diagnosis(
    "corpus",
    [
        Finding(code="small", severity="note", says="little " * 30, remedy="do this"),
        Finding(
            code="large", severity="error", says="bad\x1b[2J", remedy="do that, `partita train --size wide`"
        ),
    ],
    [Fact("level", "-20 to -10 dBFS", (-20.0, -10.0), "by minute")],
    ["the pitch, since there is none"],
)


def text(plots: bool) -> list[str]:
    lines = page_lines(DIAGNOSIS, width=60, plots=plots)
    return ["".join(part for part, _ in line) for line in lines]


def test_the_first_line_is_the_most_severe_finding_with_its_remedy() -> None:
    assert text(plots=False)[0] == "corpus: bad\\x1b[2J: do that, `partita train --size wide`."


def test_curves_are_numbers_outside_terminals() -> None:
    assert any("-20.0 -10.0 (by minute)" in line for line in text(plots=False))
    assert "".join(text(plots=False)).isascii()
    assert any("▁█" in line for line in text(plots=True))


def test_lines_fit_and_what_was_not_checked_is_said() -> None:
    lines = text(plots=False)
    assert all(len(line) <= 60 for line in lines[1:])
    assert lines[-2:] == ["not checked", "  the pitch, since there is none"]
