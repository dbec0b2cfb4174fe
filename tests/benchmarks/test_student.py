"""The benchmark of the student: a row for each condition, with the ratio to one clip of the sampler."""

import pytest

from partita.benchmarks.student import CONDITIONS, student_rates
from partita.errors import PartitaError
from partita.models.flows.iaf import IAFConfig


def test_each_condition_has_a_row_with_the_ratio_of_the_two_rates() -> None:
    shape = IAFConfig(flows=1, layers=2, condition_channels=8, multiples=1)
    rows = student_rates("tiny", shape=shape, runs=2, seconds=0.02)
    assert [row["condition"] for row in rows] == list(CONDITIONS)
    for row in rows:
        assert (row["model"], row["clips"], len(row["runs"])) == ("iaf", 1, 2)
        assert row["samples_per_second"] > 0 and row["times_one_clip"] > 0
        assert min(row["runs"]) <= row["samples_per_second"] <= max(row["runs"])


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(PartitaError, match="`size` is 'huge'"):
        student_rates("huge")
