"""The comparisons of the arena: families of pairs of arms, and warnings about pairs that can't be compared.

Each family answers one question and is corrected for multiple comparisons by itself. This file knows arms and
seeds; it computes no scores.
"""

from collections.abc import Iterator, Mapping, Sequence

from partita.evaluation.statistics.power import min_seeds
from partita.evaluation.statistics.seed_interval import LEVEL
from partita.experiments.arena.selection import Choice
from partita.experiments.arm_spec import CHARGED, ORACLE, START, STEER
from partita.training.config.arms import ARMS

CONTROL = "likelihood"


def families_of(
    chosen: Mapping[str, Choice], *, exact_judge: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of arms to compare, in families that each answer one question.

    `learned`: does an arm with a learned reward beat likelihood? With 8 seeds at most 6 such arms can be told
    apart from it (see `undecidable`). `oracle`: does an arm with an exact reward? `charged`: does a critic,
    if likelihood gets the time of its training? `twin`: is it the reward that helps, and not the rest of the
    code? `continued`: what does likelihood gain over the student before the arms, with its learning rate
    decaying to its end?

    Args:
        chosen: the choice for each arm.
        exact_judge: whether the teacher steers the arm `steer`.

    Returns:
        The pairs of each family that has any.
    """
    names = list(chosen)
    exact = {ORACLE, STEER} if exact_judge else {ORACLE}
    judged = [name for name in names if name not in (CONTROL, CHARGED, START) and not is_twin(name)]
    controlled = [(name, CONTROL) for name in judged if CONTROL in names]
    families = {
        "learned": [pair for pair in controlled if pair[0] not in exact],
        "oracle": [pair for pair in controlled if pair[0] in exact],
        "charged": [(name, CHARGED) for name in names if _has_critic(name) and CHARGED in names],
        "twin": list(_twins(chosen)),
        "continued": [(CONTROL, START)] if CONTROL in names and START in names else [],
    }
    return {family: pairs for family, pairs in families.items() if pairs}


def undecidable(families: Mapping[str, Sequence[tuple[str, str]]], seeds: int) -> list[str]:
    """Return a warning for each family that has too many comparisons for a verdict.

    Args:
        families: the pairs of each family.
        seeds: number of test students.
    """
    warnings = []
    for name, pairs in families.items():
        unsteered = len([pair for pair in pairs if pair[0] != STEER])
        counts = {unsteered: ""}
        if unsteered < len(pairs):
            counts[len(pairs)] = ", in the scores that a steered arm has as well"
        warnings += [
            f"the family {name!r} has {count} comparison{'s' if count > 1 else ''}{where}: with {seeds}"
            " students none of them can reach significance; use fewer arms, or more `--seeds`"
            for count, where in counts.items()
            if count and seeds < min_seeds(LEVEL / count)
        ]
    return warnings


def incomparable(chosen: Mapping[str, Choice]) -> list[str]:
    """Return a warning for each pair of arms that is not compared although a reader may expect it."""
    if CONTROL not in chosen:
        return [f"no arm is compared with {CONTROL}, which is missing: add it to `--arms`"]
    compared = dict(_twins(chosen))
    return [
        f"{name} and {twin} are not compared, since they differ in more than weights: give both the same"
        " settings"
        for name in chosen
        if (twin := _twin_name(name)) in chosen and name not in compared
    ]


def is_twin(name: str) -> bool:
    """Return whether an arm is the twin of another one, which has the same judge with weight 0.

    >>> is_twin("report-0"), is_twin("report"), is_twin("steer")
    (True, False, False)
    """
    return name in ARMS and ARMS[name].is_twin


def _has_critic(name: str) -> bool:
    """Return whether an arm has a critic and is not a twin."""
    return name in ARMS and ARMS[name].critic is not None and not ARMS[name].is_twin


def _twin_name(name: str) -> str | None:
    twin = ARMS[name].twin if name in ARMS else None
    return None if twin is None else twin.name


def _twins(chosen: Mapping[str, Choice]) -> Iterator[tuple[str, str]]:
    """Yield each arm with its twin if both were chosen with the same settings except weights."""
    for name, choice in chosen.items():
        twin = _twin_name(name)
        if twin is None or twin not in chosen:
            continue
        if chosen[twin].spec.changes_except_weights == choice.spec.changes_except_weights:
            yield name, twin
