"""The rule from logits and an address to a class, in Triton: `choice.py` and `draws.py` for 16 clips at once.

It works on powers, exp((logit - largest) / temperature), as `drawing.py` does on the CPU. Whatever the number
of classes, they pass by in blocks: sums over them are float64, since u has 52 bits and a float32 sum over
32,768 classes would be wrong by more than the rarest of them. Classes that only fill up a block have a power
of exactly 0. This file does not know networks.
"""

import triton
import triton.language as tl


@triton.jit
def uniform(low: tl.tensor, high: tl.tensor, time: tl.tensor, clip: tl.tensor) -> tl.tensor:
    """Return the numbers that `draws.uniforms` has at (time, clip); all are 64-bit and not negative."""
    mask = 0xFFFFFFFF
    a = (time & mask).to(tl.uint64) + tl.zeros_like(clip).to(tl.uint64)
    b = (time >> 32).to(tl.uint64) + tl.zeros_like(clip).to(tl.uint64)
    c, d = (clip & mask).to(tl.uint64), (clip >> 32).to(tl.uint64)
    first, second = low.to(tl.uint64), high.to(tl.uint64)
    for _ in tl.static_range(10):
        left, right = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (right >> 32) ^ b ^ first, right & mask
        c, d = (left >> 32) ^ d ^ second, left & mask
        first, second = (first + 0x9E3779B9) & mask, (second + 0xBB67AE85) & mask
    mantissa = ((a << 20) | (b >> 12)).to(tl.int64)
    return (mantissa.to(tl.float64) + 0.5) * 2.220446049250313e-16


@triton.jit
def ordered(logits: tl.tensor) -> tl.tensor:
    """Return whole numbers in the order of the floats."""
    bits = logits.to(tl.int32, bitcast=True)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.int64)


@triton.jit
def worth(powers: tl.tensor, places: tl.tensor, COUNT: tl.constexpr) -> tl.tensor:
    """Return what each class counts: 1, or its power."""
    if COUNT:
        return tl.full(places.shape, 1.0, tl.float64)
    return tl.load(powers + places).to(tl.float64)


@triton.jit
def mass_from(
    logits: tl.tensor, powers: tl.tensor, least: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, COUNT: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return, for each clip, the worth of all classes whose key is at least `least`."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((ROWS,), tl.float64)
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        counted = ordered(tl.load(logits + places)) >= least[:, None]
        total += tl.sum(tl.where(counted, worth(powers, places, COUNT), 0.0), 1)
    return total


@triton.jit
def keep_mass(
    logits: tl.tensor, powers: tl.tensor, wanted: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, COUNT: tl.constexpr,
) -> None:  # fmt: skip
    """Zero all powers but those of the largest keys whose worth reaches `wanted`; of equals the first.

    The key at which it is reached is found by halving the range of all keys 32 times, which needs no sorting
    and no room.
    """
    low, high = tl.full((ROWS,), -(1 << 31), tl.int64), tl.full((ROWS,), 1 << 31, tl.int64)
    for _ in range(32):  # the worth from `low` on is always enough, from `high` on it never is
        middle = (low + high) >> 1
        enough = mass_from(logits, powers, middle, C, BLOCK, ROWS, COUNT) >= wanted
        low, high = tl.where(enough, middle, low), tl.where(enough, high, middle)
    total = mass_from(logits, powers, high, C, BLOCK, ROWS, COUNT)
    tl.debug_barrier()  # powers change below: no thread may still be reading them
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        key, power = ordered(tl.load(logits + places)), tl.load(powers + places)
        equal = key == low[:, None]
        each = tl.where(equal, worth(powers, places, COUNT), 0.0)
        before = total[:, None] + tl.cumsum(each, 1) - each
        kept = (key > low[:, None]) | (equal & (before < wanted[:, None]))
        tl.store(powers + places, tl.where(kept, power, 0.0))
        total += tl.sum(each, 1)
    tl.debug_barrier()


@triton.jit
def to_powers(
    logits: tl.tensor, powers: tl.tensor, scale: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr,
) -> None:  # fmt: skip
    """Write exp((logit - largest) * scale) of every class."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    largest = tl.full((ROWS,), float("-inf"), tl.float32)
    for start in range(0, C, BLOCK):
        largest = tl.maximum(largest, tl.max(tl.load(logits + rows + start + columns), 1))
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        tl.store(powers + places, tl.exp((tl.load(logits + places) - largest[:, None]) * scale))
    tl.debug_barrier()


@triton.jit
def total_of(powers: tl.tensor, C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr) -> tl.tensor:
    """Return the sum of each clip's powers."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((ROWS,), tl.float64)
    for start in range(0, C, BLOCK):
        total += tl.sum(tl.load(powers + rows + start + columns).to(tl.float64), 1)
    return total


@triton.jit
def choose(
    powers: tl.tensor, u: tl.tensor, C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr
) -> tl.tensor:
    """Return the first class whose cumulative power exceeds u times the sum of all; its power is never 0."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    target = u * total_of(powers, C, BLOCK, ROWS)
    reached = tl.zeros((ROWS,), tl.float64)
    found, last = tl.full((ROWS,), C, tl.int32), tl.full((ROWS,), 0, tl.int32)
    for start in range(0, C, BLOCK):
        power = tl.load(powers + rows + start + columns)
        cumulative = reached[:, None] + tl.cumsum(power.to(tl.float64), 1)
        index = start + columns + tl.zeros((ROWS, BLOCK), tl.int32)
        exceeds = (cumulative > target[:, None]) & (power > 0.0)
        found = tl.minimum(found, tl.min(tl.where(exceeds, index, C), 1))
        last = tl.maximum(last, tl.max(tl.where(power > 0.0, index, 0), 1))
        reached += tl.sum(power.to(tl.float64), 1)
    return tl.where(found < C, found, last)  # only rounding leads to `last`


@triton.jit
def draw(
    logits: tl.tensor, powers: tl.tensor, seen: tl.tensor, u: tl.tensor, rule: tl.tensor, top_k: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr,
    WATCH: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return each clip's class.

    Args:
        logits: (ROWS, C) float32.
        powers: room for as many.
        seen: room for as many, filled with the powers drawn from where `WATCH` says so.
        u: (ROWS,) float64 in (0, 1).
        rule: two float64: 1 / temperature and top_p.
        top_k: how many classes to keep, read where `TOP_K` says so.
    """
    to_powers(logits, powers, tl.load(rule).to(tl.float32), C, BLOCK, ROWS)
    if TOP_K:
        wanted = tl.zeros((ROWS,), tl.float64) + top_k.to(tl.float64)
        keep_mass(logits, powers, wanted, C, BLOCK, ROWS, True)
    if TOP_P:
        total = mass_from(logits, powers, tl.full((ROWS,), -(1 << 31), tl.int64), C, BLOCK, ROWS, False)
        keep_mass(logits, powers, tl.load(rule + 1) * total, C, BLOCK, ROWS, False)
    if WATCH:
        rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
        for start in range(0, C, BLOCK):
            tl.store(seen + rows + start + columns, tl.load(powers + rows + start + columns))
    return choose(powers, u, C, BLOCK, ROWS)
