"""The rule that turns logits and the address of a uniform into a class, in Triton, for 16 clips at once.

It is the rule of `sampling/categorical.py` with the uniforms of `sampling/uniforms.py`, both of which are the
reference; `sampling/cpu/categorical.py` has the same rule in Numba. It works with masses,
exp((logit - largest) / temperature), which are unnormalized probabilities. The classes are processed in
blocks. Sums are float64: u has 52 bits, and a float32 sum over 32,768 classes has an error larger than the
mass of a rare class. Classes that only pad a block have a mass of exactly 0. This file does not know
networks.
"""

import triton
import triton.language as tl


@triton.jit
def uniform(low: tl.tensor, high: tl.tensor, time: tl.tensor, clip: tl.tensor) -> tl.tensor:
    """Return what `uniforms.uniforms` returns for sample `time` of the clips; arguments are 64-bit, >= 0."""
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
    """Return integers in the order of the float32 logits."""
    bits = logits.to(tl.int32, bitcast=True)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.int64)


@triton.jit
def value_of(masses: tl.tensor, places: tl.tensor, COUNT: tl.constexpr) -> tl.tensor:
    """Return what is summed for each class: 1 to count classes, or its mass."""
    if COUNT:
        return tl.full(places.shape, 1.0, tl.float64)
    return tl.load(masses + places).to(tl.float64)


@triton.jit
def sum_from(
    logits: tl.tensor, masses: tl.tensor, least: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, COUNT: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return, for each clip, the sum over the classes whose key is at least `least`."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((ROWS,), tl.float64)
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        counted = ordered(tl.load(logits + places)) >= least[:, None]
        total += tl.sum(tl.where(counted, value_of(masses, places, COUNT), 0.0), 1)
    return total


@triton.jit
def keep_largest(
    logits: tl.tensor, masses: tl.tensor, wanted: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, COUNT: tl.constexpr,
) -> None:  # fmt: skip
    """Keep the masses of the fewest classes with the largest keys whose values reach `wanted`; zero the rest.

    Among classes with equal keys, lower classes are kept first. The key at which the sum is reached is found
    by bisection over all 2^32 keys, which needs neither sorting nor memory.
    """
    low, high = tl.full((ROWS,), -(1 << 31), tl.int64), tl.full((ROWS,), 1 << 31, tl.int64)
    for _ in range(32):  # invariant: the values from `low` on reach `wanted`, those from `high` on do not
        middle = (low + high) >> 1
        enough = sum_from(logits, masses, middle, C, BLOCK, ROWS, COUNT) >= wanted
        low, high = tl.where(enough, middle, low), tl.where(enough, high, middle)
    total = sum_from(logits, masses, high, C, BLOCK, ROWS, COUNT)
    tl.debug_barrier()  # masses change below, while no thread may read them
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        key, mass = ordered(tl.load(logits + places)), tl.load(masses + places)
        equal = key == low[:, None]
        each = tl.where(equal, value_of(masses, places, COUNT), 0.0)
        before = total[:, None] + tl.cumsum(each, 1) - each
        kept = (key > low[:, None]) | (equal & (before < wanted[:, None]))
        tl.store(masses + places, tl.where(kept, mass, 0.0))
        total += tl.sum(each, 1)
    tl.debug_barrier()


@triton.jit
def to_masses(
    logits: tl.tensor, masses: tl.tensor, scale: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr,
) -> None:  # fmt: skip
    """Write exp((logit - largest) * scale) of every class."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    largest = tl.full((ROWS,), float("-inf"), tl.float32)
    for start in range(0, C, BLOCK):
        largest = tl.maximum(largest, tl.max(tl.load(logits + rows + start + columns), 1))
    for start in range(0, C, BLOCK):
        places = rows + start + columns
        tl.store(masses + places, tl.exp((tl.load(logits + places) - largest[:, None]) * scale))
    tl.debug_barrier()


@triton.jit
def total_of(masses: tl.tensor, C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr) -> tl.tensor:
    """Return the sum of each clip's masses."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((ROWS,), tl.float64)
    for start in range(0, C, BLOCK):
        total += tl.sum(tl.load(masses + rows + start + columns).to(tl.float64), 1)
    return total


@triton.jit
def choose(
    masses: tl.tensor, u: tl.tensor, C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr
) -> tl.tensor:
    """Return the first class whose cumulative mass exceeds u times the total; never a class without mass."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    target = u * total_of(masses, C, BLOCK, ROWS)
    reached = tl.zeros((ROWS,), tl.float64)
    found, last = tl.full((ROWS,), C, tl.int32), tl.full((ROWS,), 0, tl.int32)
    for start in range(0, C, BLOCK):
        mass = tl.load(masses + rows + start + columns)
        cumulative = reached[:, None] + tl.cumsum(mass.to(tl.float64), 1)
        index = start + columns + tl.zeros((ROWS, BLOCK), tl.int32)
        exceeds = (cumulative > target[:, None]) & (mass > 0.0)
        found = tl.minimum(found, tl.min(tl.where(exceeds, index, C), 1))
        last = tl.maximum(last, tl.max(tl.where(mass > 0.0, index, 0), 1))
        reached += tl.sum(mass.to(tl.float64), 1)
    return tl.where(found < C, found, last)  # `last` is reached by rounding alone


@triton.jit
def smooth(
    masses: tl.tensor, chosen: tl.tensor, factor: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return the mean class near each chosen one; `factor` is -1 / (2 smoothing^2)."""
    rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
    total, moved = tl.zeros((ROWS,), tl.float64), tl.zeros((ROWS,), tl.float64)
    for start in range(0, C, BLOCK):
        mass = tl.load(masses + rows + start + columns).to(tl.float64)
        step = (start + columns - chosen[:, None]).to(tl.float64)
        weight = mass * tl.exp(factor * step * step)
        total += tl.sum(weight, 1)
        moved += tl.sum(weight * step, 1)
    return chosen + tl.floor(moved / total + 0.5).to(tl.int32)


@triton.jit
def draw(
    logits: tl.tensor, masses: tl.tensor, seen: tl.tensor, u: tl.tensor, rule: tl.tensor, top_k: tl.tensor,
    C: tl.constexpr, BLOCK: tl.constexpr, ROWS: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr,
    SMOOTH: tl.constexpr, WATCH: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Draw the class of each clip.

    Tensors:
        logits: (ROWS, C) float32.
        masses: (ROWS, C) float32, overwritten.
        seen: (ROWS, C) float32, filled with the masses that were drawn from if `WATCH` is set.
        u: (ROWS,) float64 in (0, 1).
        rule: three float64: 1 / temperature, top_p, and -1 / (2 smoothing^2), used if `SMOOTH` is set.
        top_k: the number of classes to keep, used if `TOP_K` is set.
    """
    to_masses(logits, masses, tl.load(rule).to(tl.float32), C, BLOCK, ROWS)
    if TOP_K:
        wanted = tl.zeros((ROWS,), tl.float64) + top_k.to(tl.float64)
        keep_largest(logits, masses, wanted, C, BLOCK, ROWS, True)
    if TOP_P:
        total = sum_from(logits, masses, tl.full((ROWS,), -(1 << 31), tl.int64), C, BLOCK, ROWS, False)
        keep_largest(logits, masses, tl.load(rule + 1) * total, C, BLOCK, ROWS, False)
    if WATCH:
        rows, columns = tl.arange(0, ROWS)[:, None] * C, tl.arange(0, BLOCK)[None, :]
        for start in range(0, C, BLOCK):
            tl.store(seen + rows + start + columns, tl.load(masses + rows + start + columns))
    chosen = choose(masses, u, C, BLOCK, ROWS)
    if SMOOTH:
        chosen = smooth(masses, chosen, tl.load(rule + 2), C, BLOCK, ROWS)
    return chosen
