"""A finding: one thing that is wrong with a corpus or a run, with its numbers and what to do.

This file measures nothing and prints nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From the most severe: an `error` spoils the sound, a `warning` makes it worse, a `note` can be improved."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Args:
        code: a stable name in kebab-case, for programs.
        severity: "error", "warning" or "note".
        says: what is wrong, with the numbers; a clause without a full stop.
        remedy: one action, with the command if there is one; a clause without a full stop.
        evidence: the numbers, fit for JSON.

    >>> Finding(code="too-young", severity="error", says="5 updates", remedy="train longer").sentence
    '5 updates: train longer'
    """

    code: str
    severity: Severity
    says: str
    remedy: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, without a full stop."""
        return f"{self.says}: {self.remedy}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON holds it."""
        return asdict(self)


def most_severe_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by severity; equally severe ones keep their order.

    Args:
        findings: in the order of what helps most.

    >>> note = Finding(code="a", severity="note", says="", remedy="")
    >>> error = Finding(code="b", severity="error", says="", remedy="")
    >>> [one.code for one in most_severe_first([note, error])]
    ['b', 'a']
    """
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))


def headline(name: str, findings: Iterable[Finding]) -> str:
    """Return one sentence: the most important finding with what to do, or that nothing is wrong.

    A note alone does not mean that something is wrong.

    Args:
        name: the corpus or the run.
        findings: the findings, in any order.

    >>> headline("runs/a", [])
    'runs/a: nothing is wrong.'
    """
    ordered = most_severe_first(findings)
    if not ordered:
        return f"{name}: nothing is wrong."
    first = ordered[0]
    if first.severity == "note":
        return f"{name}: nothing is wrong; it can be improved: {first.sentence}."
    return f"{name}: {first.sentence}."
