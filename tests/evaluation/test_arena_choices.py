"""What is chosen on the validation seeds stays, once the test has begun."""

import json
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.evaluation.arena_choices import by_temperature, settled
from partita.evaluation.arena_entry import Entry

LIKELIHOOD, REPORT, STRONG = Entry("likelihood"), Entry("report"), Entry.read("report:adversary.weight=1")


def result(sums: dict[float, float]) -> dict[str, Any]:
    return {"curve": [{"temperature": t, "kl_sum": {"value": value}} for t, value in sums.items()]}


def test_what_was_chosen_stays_when_more_is_known(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    first = settled(path, {REPORT: [result({1.0: 0.5, 0.9: 0.4})], STRONG: [result({1.0: 0.6, 0.9: 0.7})]})
    assert (first["report"].entry, first["report"].temperature) == (REPORT, 0.9)
    later = {REPORT: [result({1.0: 0.1, 0.9: 0.4})], LIKELIHOOD: [result({1.0: 0.6, 0.9: 0.7})]}
    found = settled(path, later)
    assert found["report"] == first["report"]
    assert (found["likelihood"].entry, found["likelihood"].temperature) == (LIKELIHOOD, 1.0)
    assert set(json.loads(path.read_text())) == {"report", "likelihood"}


def test_settings_that_come_after_the_choice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    settled(path, {REPORT: [result({1.0: 0.5})]})
    before = path.read_bytes()
    with pytest.raises(PartitaError, match=r"report:adversary\.weight=1 comes too late"):
        settled(path, {REPORT: [result({1.0: 0.5})], STRONG: [result({1.0: 0.3})]})
    assert path.read_bytes() == before


def test_only_temperatures_that_all_seeds_have_count() -> None:
    rows = [result({1.05: 1.0, 1.0: 2.0, 0.9: 3.0}), result({0.9: 5.0, 1.0: 4.0})]
    found = [(t, [point["kl_sum"]["value"] for point in points]) for t, points in by_temperature(rows)]
    assert found == [(1.0, [2.0, 4.0]), (0.9, [3.0, 5.0])]
