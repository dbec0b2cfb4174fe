"""The settings of a blind listening test. This file reads no sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from partita.app.blind.questions import QUESTIONS
from partita.checks import check_choice, check_count, check_positive
from partita.errors import PartitaError

LONGEST_SECONDS = 60.0
MOST_LISTENERS = 100
MOST_ITEMS = 200
REPEAT_EVERY = 5  # by default one trial in five is repeated


@dataclass(frozen=True, kw_only=True)
class BlindConfig:
    """Settings of a listening test.

    Args:
        arms: the folder of clips of each arm. Clips of the same name in all arms continue the same prompt.
            Clips lie in the folder itself, or in one subfolder for each seed that was trained. Clips of real
            sound can be one of the arms.
        questions: the names of the questions, one pass each; see `QUESTIONS`.
        pairs: the pairs of arms to compare; None compares all.
        prompts: a folder with the prompt of each clip, under the clip's name; needed by the question
            `prompt`.
        listeners: a name for each listener, for example initials.
        items: the most prompts that are used; None uses all.
        repeats: the number of hidden repeats in each pass; None repeats one trial in five.
        seconds: the greatest length of the clips; the shortest clip decides if it is shorter.
        seed: of the order; None takes an unpredictable one. Keep it secret: the order follows from it.

    Raises:
        PartitaError: a value is out of range, or a question, an arm or a listener is unknown or given twice.

    >>> config = BlindConfig(arms={"real": Path("real"), "mine": Path("mine")}, listeners=("AB",))
    >>> config.chosen_pairs, config.repeats_of(10)
    ((('real', 'mine'),), 2)
    """

    arms: Mapping[str, Path]
    listeners: tuple[str, ...]
    questions: tuple[str, ...] = ("better",)
    pairs: tuple[tuple[str, str], ...] | None = None
    prompts: Path | None = None
    items: int | None = None
    repeats: int | None = None
    seconds: float = 10.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if len(self.arms) < 2:
            raise PartitaError(f"`arms` has {len(self.arms)}: give the folders of at least two arms")
        for name in self.questions:
            check_choice("questions", name, tuple(QUESTIONS))
        _check_distinct("questions", self.questions)
        _check_distinct("listeners", self.listeners)
        check_count("listeners", len(self.listeners), 1, MOST_LISTENERS)
        if self.items is not None:
            check_count("items", self.items, 1, MOST_ITEMS)
        if self.repeats is not None:
            check_count("repeats", self.repeats, 0)
        check_positive("seconds", self.seconds, LONGEST_SECONDS)
        for first, second in self.chosen_pairs:
            for arm in (first, second):
                check_choice("pairs", arm, tuple(self.arms))
        _check_distinct("pairs", tuple(" and ".join(sorted(pair)) for pair in self.chosen_pairs))
        if any(first == second for first, second in self.chosen_pairs):
            raise PartitaError("a pair in `pairs` has the same arm twice: give two different arms")
        if self.prompts is None and any(QUESTIONS[name].needs_prompt for name in self.questions):
            raise PartitaError("the question `prompt` plays the prompts: give their folder as `prompts`")

    @property
    def chosen_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of arms that are compared."""
        return tuple(combinations(self.arms, 2)) if self.pairs is None else self.pairs

    def repeats_of(self, trials: int) -> int:
        """Return the number of hidden repeats in a pass of so many different trials."""
        wanted = -(-trials // REPEAT_EVERY) if self.repeats is None else self.repeats
        return min(wanted, -(-trials // 2))


def _check_distinct(name: str, values: tuple[str, ...]) -> None:
    if not values:
        raise PartitaError(f"`{name}` is empty: give at least one")
    if repeated := sorted({value for value in values if values.count(value) > 1}):
        raise PartitaError(f"`{name}` has {repeated[0]!r} twice: give it once")
