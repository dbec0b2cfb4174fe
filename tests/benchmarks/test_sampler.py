"""The sampler benchmark has the documented keys and counts operations correctly."""

import pytest

from partita.benchmarks.cases import BenchCase, bytes_read, default_cases
from partita.benchmarks.sampler import MachineLimits, bench, case_row, rate_bound
from partita.models.sizes import SIZES

KEYS = {
    "size", "clips", "threads", "precision", "device", "samples_per_second", "times_reference",
    "share_of_matrix_rate", "share_of_bound", "condition", "share_of_unconditioned",
}  # fmt: skip


def test_every_case_has_the_documented_keys() -> None:
    cases = [
        BenchCase(1, 1), BenchCase(1, 1, "int8"), BenchCase(4, 2), BenchCase(1, 1, condition="features"),
        BenchCase(1, 1, condition="drawn features"),
    ]  # fmt: skip
    result = bench("tiny", cases=cases, runs=1, seconds=0.02, sides=(256,))
    found = [(case["clips"], case["threads"], case["precision"]) for case in result["cases"]]
    assert found == [(1, 1, "float32"), (1, 1, "int8"), (4, 2, "float32"), *[(1, 1, "float32")] * 2]
    assert [case["condition"] for case in result["cases"]] == [*["none"] * 3, "features", "drawn features"]
    assert [case["share_of_unconditioned"] is None for case in result["cases"]] == [*[True] * 3, False, False]
    for case in result["cases"][3:]:
        ratio = case["samples_per_second"] / result["cases"][0]["samples_per_second"]
        assert case["share_of_unconditioned"] == pytest.approx(ratio)
    for case in result["cases"]:
        assert set(case) >= KEYS
        operations = 2 * 43_264 * case["samples_per_second"]
        assert case["share_of_matrix_rate"] == pytest.approx(operations / case["matrix_rate"])
        assert case["share_of_bound"] >= case["share_of_matrix_rate"]
    assert result["start_runs"] == [result["start_seconds"]]
    assert 0.0 < result["start_seconds"] < result["imports_seconds"] + result["setup_seconds"]


def test_the_bound_is_the_bandwidth_for_one_clip_and_the_matrix_rate_for_many() -> None:
    assert rate_bound(BenchCase(1, 1), matrix=100.0, bandwidth=60.0, bytes_each=4.0) == 30.0
    assert rate_bound(BenchCase(1, 1), matrix=100.0, bandwidth=60.0, bytes_each=2.0) == 60.0
    assert rate_bound(BenchCase(16, 2), matrix=100.0, bandwidth=60.0, bytes_each=4.0) == 100.0


def test_threads_with_several_clips_read_float32_weights() -> None:
    shape = SIZES["tiny"]
    assert (
        bytes_read(shape, BenchCase(1, 1, "bfloat16"))
        == bytes_read(shape, BenchCase(2, 2, "bfloat16"))
        == 2.0
    )
    assert bytes_read(shape, BenchCase(2, 1, "bfloat16")) == 4.0
    assert bytes_read(shape, BenchCase(1, 1, "int8")) == pytest.approx(1 + 64 * 256 / shape.multiply_adds)


def test_the_row_of_a_gpu_has_all_keys() -> None:
    limits = MachineLimits({("cuda", 1): 1e12}, {"float32": 1e9})
    row = case_row("tiny", BenchCase(512, 1, device="cuda"), [1e6, 2e6, 3e6], limits, reference=1e4)
    assert set(row) >= KEYS - {"share_of_unconditioned"}
    assert row["share_of_bound"] is None
    assert row["times_reference"] == 200.0


def test_every_default_case_with_features_has_one_without() -> None:
    cases = default_cases()
    with_features = [case for case in cases if case.condition != "none"]
    assert {case.condition for case in with_features} == {"features", "drawn features"}
    assert {case.unconditioned for case in with_features} <= set(cases)
