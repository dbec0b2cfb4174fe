"""The bench reports what others read, and counts as it says."""

import pytest

from partita.sampling.bench import Case, bench, bound

KEYS = {
    "size", "clips", "threads", "precision", "device", "samples_per_second", "times_reference",
    "share_of_matrix_rate", "share_of_bound",
}  # fmt: skip


def test_every_case_has_the_keys_that_others_read() -> None:
    result = bench("tiny", cases=[Case(1, 1), Case(4, 2)], runs=1, seconds=0.02, sides=(256,))
    assert [(case["clips"], case["threads"]) for case in result["cases"]] == [(1, 1), (4, 2)]
    for case in result["cases"]:
        assert set(case) >= KEYS
        operations = 2 * 43_264 * case["samples_per_second"]
        assert case["share_of_matrix_rate"] == pytest.approx(operations / case["matrix_rate"])
        assert case["share_of_bound"] >= case["share_of_matrix_rate"]
    assert result["start_runs"] == [result["start_seconds"]]
    assert 0.0 < result["start_seconds"] < result["imports_seconds"] + result["setup_seconds"]


def test_the_bound_is_bandwidth_for_one_clip_and_arithmetic_for_many() -> None:
    assert bound(Case(1, 1), matrix=100.0, bandwidth=60.0) == 30.0
    assert bound(Case(16, 2), matrix=100.0, bandwidth=60.0) == 100.0
