"""Uniforms by address: published vectors, any part of them, and their distribution."""

import numpy as np
import pytest
from scipy import stats

from partita.sampling.cpu.categorical import uniform
from partita.sampling.uniforms import philox, uniforms

# the known answers that Random123 is published with: counter, key, result
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_published_vectors(counter: tuple[int, ...], key: tuple[int, int], result: tuple[int, ...]) -> None:
    assert philox(np.array(counter, np.uint32), key).tolist() == list(result)


@pytest.mark.parametrize("seed", [0, 1, 12345678901234567890, (1 << 64) - 1])
@pytest.mark.parametrize("time", [0, 7, (1 << 32) - 1, 1 << 32, (1 << 40) + 3])
def test_the_compiled_function_equals_the_reference(seed: int, time: int) -> None:
    low, high = np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)
    for clip in (0, 1, 99):
        assert uniform(low, high, time, clip) == uniforms(seed, [clip], time, 1)[0, 0]


def test_any_part_equals_that_part_of_the_whole() -> None:
    whole = uniforms(5, 4, 0, 1000)
    assert (uniforms(5, [3, 1], 250, 10) == whole[[3, 1], 250:260]).all()
    assert whole.min() > 0.0
    assert whole.max() < 1.0


def test_uniform_and_independent() -> None:
    numbers = uniforms(1, 50, 0, 2000)
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3
    neighbours = np.corrcoef(numbers)  # between clips
    assert np.abs(neighbours - np.eye(50)).max() < 6 / np.sqrt(2000)
    assert abs(np.corrcoef(numbers[:, 1:].ravel(), numbers[:, :-1].ravel())[0, 1]) < 6 / np.sqrt(numbers.size)
    assert abs(np.corrcoef(numbers.ravel(), uniforms(2, 50, 0, 2000).ravel())[0, 1]) < 6 / np.sqrt(
        numbers.size
    )
