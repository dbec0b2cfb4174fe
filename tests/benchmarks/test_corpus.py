"""The corpus benchmark on little sound: plausible results, and memory that does not grow."""

import pytest

from partita.benchmarks.corpus import bench, bench_memory


def test_speed_is_plausible() -> None:
    result = bench(seconds=10, runs=1)
    assert 0 < result["share_of_plain_decoding"] < 1.2
    assert result["audio_seconds_per_second_per_core"] > 1


def test_memory_does_not_grow_with_the_length() -> None:
    result = bench_memory(short=180, long=900)
    assert result["peak_memory_ratio"] < 1.1


@pytest.mark.slow
def test_memory_does_not_grow_with_three_hours() -> None:
    assert bench_memory()["peak_memory_ratio"] <= 1.2
