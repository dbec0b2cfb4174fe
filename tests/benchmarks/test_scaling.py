"""The scaling benchmark reports costs per multiply-add."""

import pytest

from partita.benchmarks.scaling import scaling


def test_scaling_reports_costs_per_multiply_add() -> None:
    found = scaling("tiny", clips=(1, 2), fields=((1, 2), (2, 3)), runs=1, seconds=0.02, sides=(256,))
    assert [row["clips"] for row in found["clips"]] == [1, 2]
    rows = [(row["clips"], row["receptive_field"], row["layers"]) for row in found["receptive_fields"]]
    assert rows == [(1, 4, 2), (1, 15, 6), (16, 4, 2), (16, 15, 6)]
    for row in found["clips"]:
        assert row["microseconds_a_sample"] == pytest.approx(row["microseconds"] * 43_264 / 1e6)
        assert row["samples_per_second"] == pytest.approx(1e6 / row["microseconds_a_sample"])
    assert found["floor"] > 0.0
