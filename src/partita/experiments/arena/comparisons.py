"""What the arena compares: families of pairs of arms, each a question of its own, and what can't be asked.

It knows arms and how many students there are, no scores.
"""

from collections.abc import Iterator, Mapping, Sequence

from partita.evaluation.statistics.power import fewest_seeds
from partita.evaluation.statistics.seed_interval import LEVEL
from partita.experiments.arena.arm_spec import CHARGED, ORACLE, START, STEER
from partita.experiments.arena.selection import Choice
from partita.training.config.arms import ARMS

CONTROL = "likelihood"


def families_of(
    chosen: Mapping[str, Choice], *, exact_judge: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Return what is compared, in families: each asks a question of its own, and is corrected for itself.

    `learned`: does an arm whose reward is learned beat likelihood? With 8 seeds at most 6 of them can be
    told (`undecidable`). `oracle`: can any reward that is exact? `charged`: does a critic, when its own
    training is paid for? `twin`: is it the reward that helped, and not the rest of the code? `continued`:
    what does likelihood itself gain, its learning rate falling to its end, on the student as it was?
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
    """Say which families can't come to a verdict, with so few students and so many comparisons to correct
    for."""
    told = []
    for name, pairs in families.items():
        others = len([pair for pair in pairs if pair[0] != STEER])
        what = {
            others: "comparisons",
            len(pairs): "comparisons, in the scores that a steered arm has as well",
        }
        if others == len(pairs):
            what = {others: "comparisons"}
        told += [
            f"the family {name!r} has {count} {words}: with {seeds} students none of them can be told by more"
            " than chance; ask for fewer arms, or more `--seeds`"
            for count, words in what.items()
            if count and seeds < fewest_seeds(LEVEL / count)
        ]
    return told


def incomparable(chosen: Mapping[str, Choice]) -> list[str]:
    """Say what can't be compared though it looks as if it could."""
    if CONTROL not in chosen:
        return [f"no arm is compared with {CONTROL}, which is not among them: name it in `--arms`"]
    compared = dict(_twins(chosen))
    return [
        f"{name} and {twin} are not compared, since more than weights differs: give both the same settings"
        for name in chosen
        if (twin := _twin_name(name)) in chosen and name not in compared
    ]


def is_twin(name: str) -> bool:
    """Return whether an arm is the twin of another one, with its judge's weight at 0.

    >>> is_twin("report-0"), is_twin("report"), is_twin("steer")
    (True, False, False)
    """
    return name in ARMS and ARMS[name].is_twin


def _has_critic(name: str) -> bool:
    """Return whether a critic judges an arm whose weight is not 0 by definition."""
    return name in ARMS and ARMS[name].critic is not None and not ARMS[name].is_twin


def _twin_name(name: str) -> str | None:
    twin = ARMS[name].twin if name in ARMS else None
    return None if twin is None else twin.name


def _twins(chosen: Mapping[str, Choice]) -> Iterator[tuple[str, str]]:
    """Yield each arm with its twin where both were chosen with the same settings, weights aside."""
    for name, choice in chosen.items():
        twin = _twin_name(name)
        if twin is None or twin not in chosen:
            continue
        if chosen[twin].entry.besides_weights == choice.entry.besides_weights:
            yield name, twin
