"""A choice on the validation seeds is fixed once the test has started."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.experiments.arena.selection import by_temperature, load_or_choose, refuse_other_choices
from partita.experiments.arm_spec import ArmSpec

LIKELIHOOD, REPORT, STRONG = (
    ArmSpec("likelihood"),
    ArmSpec("report"),
    ArmSpec.parse("report:adversary.weight=1"),
)
WEAK = ArmSpec.parse("report:adversary.weight=0.1")
SEEDS = [1000, 1001]


def result(sums: dict[float, float]) -> dict[str, Any]:
    return {"curve": [{"temperature": t, "kl_sum": {"value": value}} for t, value in sums.items()]}


def test_a_choice_does_not_change_with_later_results(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    tried = {REPORT: [result({1.0: 0.5, 0.9: 0.4})], STRONG: [result({1.0: 0.6, 0.9: 0.7})]}
    first = load_or_choose(path, tried, list(tried), SEEDS)
    assert (first["report"].spec, first["report"].temperature) == (REPORT, 0.9)
    later = {REPORT: [result({1.0: 0.1, 0.9: 0.4})], LIKELIHOOD: [result({1.0: 0.6, 0.9: 0.7})]}
    refuse_other_choices(path, list(later), SEEDS)
    found = load_or_choose(path, later, list(later), SEEDS)
    assert found["report"] == first["report"]
    assert (found["likelihood"].spec, found["likelihood"].temperature) == (LIKELIHOOD, 1.0)
    assert set(json.loads(path.read_text())["arms"]) == {"report", "likelihood"}


@pytest.mark.parametrize(
    ("specs", "seeds", "message"),
    [
        ([REPORT, WEAK], SEEDS, r"report:adversary\.weight=0\.1 can't be added"),
        ([STRONG], SEEDS, "report was chosen before the test: include it"),
        ([REPORT], [1000, 1001, 1002], "2 validation students .*, now there are 3"),
    ],
)
def test_a_call_that_would_change_a_choice_is_refused(
    tmp_path: Path, specs: list[ArmSpec], seeds: list[int], message: str
) -> None:
    path = tmp_path / "choices.json"
    refuse_other_choices(path, specs, seeds)  # nothing was chosen yet
    tried = {REPORT: [result({1.0: 0.5})], STRONG: [result({1.0: 0.6})]}
    load_or_choose(path, tried, list(tried), SEEDS)
    with pytest.raises(PartitaError, match=message):
        refuse_other_choices(path, specs, seeds)


def test_a_choice_stays_if_its_arm_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    load_or_choose(path, {REPORT: [result({1.0: 0.5})]}, [REPORT], SEEDS)
    refuse_other_choices(path, [LIKELIHOOD], SEEDS)
    assert set(load_or_choose(path, {LIKELIHOOD: [result({1.0: 0.5})]}, [LIKELIHOOD], SEEDS)) == {
        "likelihood"
    }
    assert set(json.loads(path.read_text())["arms"]) == {"report", "likelihood"}


def test_only_temperatures_of_all_seeds_are_used() -> None:
    rows = [result({1.05: 1.0, 1.0: 2.0, 0.9: 3.0}), result({0.9: 5.0, 1.0: 4.0})]
    found = [(t, [point["kl_sum"]["value"] for point in points]) for t, points in by_temperature(rows)]
    assert found == [(1.0, [2.0, 4.0]), (0.9, [3.0, 5.0])]
