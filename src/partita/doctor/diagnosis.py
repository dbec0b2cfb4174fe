"""What the doctor found: the findings, the measured facts, and what could not be checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from partita.doctor.finding import Finding, headline, most_severe_first


@dataclass(frozen=True)
class Fact:
    """A measured fact, which is no finding.

    Args:
        name: what was measured.
        text: the value in words.
        curve: numbers to plot beside it, for example a level by minute.
        about: what the curve runs over, and its unit.
    """

    name: str
    text: str
    curve: tuple[float, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """The result of an examination.

    Args:
        name: the corpus or the run.
        findings: the findings, in the order of what helps most.
        facts: what was measured.
        unchecked: what could not be checked, and why; each a clause.
    """

    name: str
    findings: Sequence[Finding]
    facts: Sequence[Fact] = field(default_factory=tuple)
    unchecked: Sequence[str] = field(default_factory=tuple)

    @property
    def ordered(self) -> list[Finding]:
        """The findings, the most severe first."""
        return most_severe_first(self.findings)

    @property
    def headline(self) -> str:
        """One sentence: the most important finding with what to do, or that nothing is wrong.

        >>> Diagnosis("corpus", []).headline
        'corpus: nothing is wrong.'
        """
        return headline(self.name, self.findings)
