"""The compiled rule from logits and an address to a class: `choice.py` and `draws.py`, without Python.

It works on powers, exp((logit - largest) / temperature), which are never divided by their sum. Classes that
only fill up a vector have a power of exactly 0. This file does not know networks.
"""

from typing import Any

import numpy as np

from partita.ops.numba_cache import compiled

ZERO = np.float32(0.0)

unchecked = compiled(error_model="numpy")


@unchecked
def uniform(low: Any, high: Any, time: Any, clip: Any) -> Any:
    """Return the number that `draws.uniforms` has at this address."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b = np.uint64(time) & mask, np.uint64(time) >> half
    c, d = np.uint64(clip) & mask, np.uint64(clip) >> half
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (right >> half) ^ b ^ low, right & mask, (left >> half) ^ d ^ high, left & mask
        low, high = (low + np.uint64(0x9E3779B9)) & mask, (high + np.uint64(0xBB67AE85)) & mask
    mantissa = (a << np.uint64(20)) | (b >> np.uint64(12))
    return (np.float64(mantissa) + 0.5) * 2.0**-52


@compiled(error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def mass_from(keys: Any, values: Any, least: Any, count: Any) -> Any:
    """Return the sum of the values whose key is at least `least`."""
    total = 0.0
    for i in range(count):
        total += np.float64(values[i]) if keys[i] >= least else 0.0
    return total


@unchecked
def keep_mass(keys: Any, values: Any, powers: Any, wanted: Any, count: Any) -> None:
    """Zero all powers but those of the largest keys whose values reach `wanted`; of equals the first."""
    low, high = np.int64(-(1 << 31)), np.int64(1 << 31)
    while high - low > 1:  # the sum from `low` on is always enough, from `high` on it never is
        middle = (low + high) >> 1
        if mass_from(keys, values, np.int32(middle), count) >= wanted:
            low = middle
        else:
            high = middle
    total = mass_from(keys, values, np.int32(high), count) if high < 1 << 31 else 0.0
    for i in range(count):
        if keys[i] == low and total < wanted:
            total += np.float64(values[i])
        elif keys[i] <= low:
            powers[i] = ZERO


@unchecked
def truncate(logits: Any, powers: Any, sums: Any, keys: Any, ones: Any, rule: Any, count: Any) -> None:
    """Zero the powers of the classes that top-k and top-p leave out, and sum each 16 again."""
    for i in range(count):  # whole numbers in the order of the floats
        keys[i] = logits[i] ^ ((logits[i] >> 31) & 0x7FFFFFFF)
    if rule.top_k > 0:
        keep_mass(keys, ones, powers, np.float64(rule.top_k), count)
    if rule.top_p < 1.0:
        total = mass_from(keys, powers, np.int32(-(1 << 31)), count)
        keep_mass(keys, powers, powers, rule.top_p * total, count)
    for block in range(0, count, 16):
        total = 0.0
        for i in range(block, block + 16):
            total += np.float64(powers[i])
        sums[block // 16] = np.float32(total)


@unchecked
def choose(powers: Any, sums: Any, width: Any, u: Any) -> Any:
    """Return the first class whose cumulative power exceeds u times the sum of all; its power is never 0."""
    total = 0.0
    for i in range(width):
        total += np.float64(sums[i])
    target, reached, block = u * total, 0.0, 0
    while block < width - 1 and reached + np.float64(sums[block]) <= target:
        reached += np.float64(sums[block])
        block += 1
    last = -1
    for i in range(16 * block, 16 * block + 16):
        if powers[i] > ZERO:
            last = i
            reached += np.float64(powers[i])
            if reached > target:
                return i
    while last < 0:  # only rounding leads here: the nearest class below that can be drawn
        block -= 1
        for i in range(16 * block, 16 * block + 16):
            if powers[i] > ZERO:
                last = i
    return last
