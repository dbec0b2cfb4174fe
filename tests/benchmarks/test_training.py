"""The training benchmark has the documented keys and an ordered range of shares."""

from partita.benchmarks.training import bench


def test_the_result_has_the_documented_keys() -> None:
    result = bench("tiny", targets=256, runs=2, steps=1, device="cpu")
    assert {"size", "samples_per_second", "share_of_matrix_rate", "matrix_dtype"} <= set(result)
    assert 0.0 < result["share_low"] <= result["share_of_matrix_rate"] <= result["share_high"]
    assert (result["size"], result["targets"], result["device"]) == ("tiny", 256, "cpu")
