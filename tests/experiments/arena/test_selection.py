"""What is chosen on the validation seeds stays, once the test has begun."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.selection import by_temperature, refuse_other_choices, settled

LIKELIHOOD, REPORT, STRONG = (
    ArmSpec("likelihood"),
    ArmSpec("report"),
    ArmSpec.read("report:adversary.weight=1"),
)
WEAK = ArmSpec.read("report:adversary.weight=0.1")
SEEDS = [1000, 1001]


def result(sums: dict[float, float]) -> dict[str, Any]:
    return {"curve": [{"temperature": t, "kl_sum": {"value": value}} for t, value in sums.items()]}


def test_what_was_chosen_stays_when_more_is_known(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    tried = {REPORT: [result({1.0: 0.5, 0.9: 0.4})], STRONG: [result({1.0: 0.6, 0.9: 0.7})]}
    first = settled(path, tried, list(tried), SEEDS)
    assert (first["report"].entry, first["report"].temperature) == (REPORT, 0.9)
    later = {REPORT: [result({1.0: 0.1, 0.9: 0.4})], LIKELIHOOD: [result({1.0: 0.6, 0.9: 0.7})]}
    refuse_other_choices(path, list(later), SEEDS)
    found = settled(path, later, list(later), SEEDS)
    assert found["report"] == first["report"]
    assert (found["likelihood"].entry, found["likelihood"].temperature) == (LIKELIHOOD, 1.0)
    assert set(json.loads(path.read_text())["arms"]) == {"report", "likelihood"}


@pytest.mark.parametrize(
    ("entries", "seeds", "said"),
    [
        ([REPORT, WEAK], SEEDS, r"report:adversary\.weight=0\.1 comes too late"),
        ([STRONG], SEEDS, "report was chosen before the test began: name it"),
        ([REPORT], [1000, 1001, 1002], "2 validation students .*, now there are 3"),
    ],
)
def test_what_would_change_a_choice_is_refused(
    tmp_path: Path, entries: list[ArmSpec], seeds: list[int], said: str
) -> None:
    path = tmp_path / "choices.json"
    refuse_other_choices(path, entries, seeds)  # before there is a choice all is well
    tried = {REPORT: [result({1.0: 0.5})], STRONG: [result({1.0: 0.6})]}
    settled(path, tried, list(tried), SEEDS)
    with pytest.raises(PartitaError, match=said):
        refuse_other_choices(path, entries, seeds)


def test_an_arm_that_is_not_asked_for_any_more_keeps_its_choice(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    settled(path, {REPORT: [result({1.0: 0.5})]}, [REPORT], SEEDS)
    refuse_other_choices(path, [LIKELIHOOD], SEEDS)
    assert set(settled(path, {LIKELIHOOD: [result({1.0: 0.5})]}, [LIKELIHOOD], SEEDS)) == {"likelihood"}
    assert set(json.loads(path.read_text())["arms"]) == {"report", "likelihood"}


def test_only_temperatures_that_all_seeds_have_count() -> None:
    rows = [result({1.05: 1.0, 1.0: 2.0, 0.9: 3.0}), result({0.9: 5.0, 1.0: 4.0})]
    found = [(t, [point["kl_sum"]["value"] for point in points]) for t, points in by_temperature(rows)]
    assert found == [(1.0, [2.0, 4.0]), (0.9, [3.0, 5.0])]
