"""Lay out a diagnosis as lines: with colours and bars on a terminal, plain elsewhere. It prints nothing."""

import re
import textwrap

from partita.doctor.diagnosis import Diagnosis, Fact
from partita.doctor.finding import Finding
from partita.doctor.terminal.plots import numbers, sparkline
from partita.terminal import printable

STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
"""Styles of rich for each severity."""
DIM, STRONG = "dim", "bold"
INDENT = "  "
NAME_WIDTH = 10
COMMAND = re.compile(r"`[^`]*`")
UNBROKEN = "\x00"  # a space of a command; it is no longer in `printable` text

Line = list[tuple[str, str]]
"""Stretches of text, each with a style of rich or an empty string."""


def page_lines(diagnosis: Diagnosis, *, width: int, plots: bool) -> list[Line]:
    """Return the lines of a diagnosis.

    The first line is one sentence. The findings follow, the most severe first, then the facts and what could
    not be checked.

    Args:
        diagnosis: what was found.
        width: columns of the terminal.
        plots: whether curves are bars, or else numbers.

    >>> for line in page_lines(Diagnosis("corpus", []), width=80, plots=False): print(line)
    [('corpus: nothing is wrong.', 'bold')]
    """
    ordered = diagnosis.ordered
    style = STYLES[ordered[0].severity] if ordered and ordered[0].severity != "note" else STRONG
    lines: list[Line] = [[(printable(diagnosis.headline), style)]]
    for finding in ordered:
        lines += [[], *_finding(finding, width)]
    if diagnosis.facts:
        lines += [
            [],
            [("measured", STRONG)],
            *(line for fact in diagnosis.facts for line in _fact(fact, plots)),
        ]
    if diagnosis.unchecked:
        lines += [[], [("not checked", STRONG)]]
        lines += [line for text in diagnosis.unchecked for line in _wrapped(text, width, DIM)]
    return lines


def _finding(finding: Finding, width: int) -> list[Line]:
    """Return a finding: severity and code, what is wrong, what to do."""
    head: Line = [(finding.severity, STYLES[finding.severity]), (f" {finding.code}", STRONG)]
    return [head, *_wrapped(finding.says, width, ""), *_wrapped(f"-> {finding.remedy}", width, "")]


def _fact(fact: Fact, plots: bool) -> list[Line]:
    """Return a fact, with its curve on the next line."""
    lines: list[Line] = [[(f"{INDENT}{fact.name:{NAME_WIDTH}}  {printable(fact.text)}", "")]]
    if len(fact.curve) > 1:
        curve = sparkline(fact.curve) if plots else numbers(fact.curve)
        about = f" {min(fact.curve):.1f} to {max(fact.curve):.1f}" if plots else ""
        space = INDENT + " " * (NAME_WIDTH + 2)
        lines.append(
            [(space, ""), (curve, STYLES["note"] if plots else ""), (f"{about} ({fact.about})", DIM)]
        )
    return lines


def _wrapped(text: str, width: int, style: str) -> list[Line]:
    """Return a text in lines with an indent; a command stays on one line, so that it can be copied."""
    whole = COMMAND.sub(lambda found: found[0].replace(" ", UNBROKEN), printable(text))
    rows = textwrap.wrap(
        whole,
        max(40, width),
        initial_indent=INDENT,
        subsequent_indent=INDENT,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [[(row.replace(UNBROKEN, " "), style)] for row in rows]
