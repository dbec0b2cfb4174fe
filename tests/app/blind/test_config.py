"""The settings of a test: what is chosen by default, and what is refused."""

from pathlib import Path

import pytest

from partita.app.blind.config import BlindConfig
from partita.errors import PartitaError

ARMS = {name: Path(name) for name in ("real", "policy", "likelihood")}


def test_all_pairs_are_compared_by_default() -> None:
    pairs = BlindConfig(arms=ARMS, listeners=("AB",)).chosen_pairs
    assert pairs == (("real", "policy"), ("real", "likelihood"), ("policy", "likelihood"))
    chosen = (("policy", "real"),)
    assert BlindConfig(arms=ARMS, listeners=("AB",), pairs=chosen).chosen_pairs == chosen


def test_one_trial_in_five_is_repeated_and_never_more_than_half() -> None:
    config = BlindConfig(arms=ARMS, listeners=("AB",))
    assert [config.repeats_of(trials) for trials in (1, 5, 6, 20)] == [1, 1, 2, 4]
    many = BlindConfig(arms=ARMS, listeners=("AB",), repeats=100)
    assert many.repeats_of(9) == 5
    assert BlindConfig(arms=ARMS, listeners=("AB",), repeats=0).repeats_of(9) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"arms": {"real": Path("real")}}, "give the folders of at least two arms"),
        ({"listeners": ()}, "`listeners` is empty"),
        ({"listeners": ("AB", "AB")}, "`listeners` has 'AB' twice"),
        ({"questions": ("louder",)}, "`questions` is 'louder': choose one of better, real, prompt, abx"),
        ({"questions": ("abx", "abx")}, "`questions` has 'abx' twice"),
        ({"questions": ("prompt",)}, "give their folder as `prompts`"),
        ({"pairs": (("real", "gumbel"),)}, "`pairs` is 'gumbel'"),
        ({"pairs": (("real", "real"),)}, "the same arm twice"),
        ({"pairs": (("real", "policy"), ("policy", "real"))}, "`pairs` has 'policy and real' twice"),
        ({"pairs": ()}, "`pairs` is empty"),
        ({"seconds": 0.0}, "`seconds` is 0.0"),
        ({"items": 0}, "`items` is 0: give at least 1"),
        ({"repeats": -1}, "`repeats` is -1"),
    ],
)
def test_what_can_not_be_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(PartitaError, match=message):
        BlindConfig(**({"arms": ARMS, "listeners": ("AB",)} | changed))  # type: ignore[arg-type]
