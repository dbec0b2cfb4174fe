"""The compiled rule that turns logits and the address of a uniform into a class.

It is the rule of `sampling/categorical.py` with the uniforms of `sampling/uniforms.py`, both of which are the
reference; `sampling/gpu/categorical.py` has the same rule in Triton. It works with masses,
exp((logit - largest) / temperature), which are unnormalized probabilities. Classes that only pad a vector
have a mass of exactly 0. This file does not know networks.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.softmax import exponentials, largest
from partita.ops.numba_cache import compiled
from partita.sampling.cpu.densities import DensityRule

NO_MASS = np.float32(0.0)


class ClassArrays(NamedTuple):
    """Arrays over the padded classes, for drawing a class; see `draw_class`."""

    logits: Any
    """(clips, classes) int32: the bits of the float32 logits at `Workspace.logits`."""
    masses: Any
    """(classes,) float32 at `Workspace.masses`: exp((logit - largest) / temperature)."""
    sums: Any
    """(classes / 16,) float32 at `Workspace.sums`: the sum of each 16 masses."""
    keys: Any
    """(classes,) int32: scratch memory."""
    ones: Any
    """(classes,) float32: ones."""
    outputs: Any
    """(clips, outputs) float32 at `Workspace.logits`."""


class DrawRule(NamedTuple):
    """How a class is drawn."""

    scale: Any
    """1 / temperature, float32."""
    top_k: Any
    """The number of classes to keep; 0 keeps all."""
    top_p: Any
    """The share of the mass to keep; 1 keeps all."""
    seed_low: Any
    """The lower 32 bits of the seed, uint64."""
    seed_high: Any
    """The upper 32 bits of the seed, uint64."""
    density: DensityRule
    """How a value is drawn, for a network with a density."""
    window: Any
    """(2 * padded classes,) float32: the weight of the classes at each distance from the drawn one, from
    -padded classes on; empty without smoothing."""


@compiled(error_model="numpy")
def uniform(seed_low: Any, seed_high: Any, time: Any, clip: Any) -> Any:
    """Return what `uniforms.uniforms` returns for sample `time` of clip number `clip`."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b = np.uint64(time) & mask, np.uint64(time) >> half
    c, d = np.uint64(clip) & mask, np.uint64(clip) >> half
    low, high = seed_low, seed_high
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (right >> half) ^ b ^ low, right & mask, (left >> half) ^ d ^ high, left & mask
        low, high = (low + np.uint64(0x9E3779B9)) & mask, (high + np.uint64(0xBB67AE85)) & mask
    mantissa = (a << np.uint64(20)) | (b >> np.uint64(12))
    return (np.float64(mantissa) + 0.5) * 2.0**-52


@compiled(error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def sum_from(keys: Any, values: Any, least: Any) -> Any:
    """Return the sum of the values whose key is at least `least`."""
    total = 0.0
    for i in range(len(keys)):
        total += np.float64(values[i]) if keys[i] >= least else 0.0
    return total


@compiled(error_model="numpy")
def keep_largest(keys: Any, values: Any, masses: Any, wanted: Any) -> None:
    """Keep the masses of the fewest classes with the largest keys whose values reach `wanted`; zero the rest.

    Among classes with equal keys, lower classes are kept first.

    Args:
        keys: (classes,) int32 in the order of the logits.
        values: (classes,) float32: the masses, or ones to count classes.
        masses: (classes,) float32, changed.
        wanted: the sum to reach, float64.
    """
    low, high = np.int64(-(1 << 31)), np.int64(1 << 31)
    while high - low > 1:  # invariant: the values from `low` on reach `wanted`, those from `high` on do not
        middle = (low + high) >> 1
        if sum_from(keys, values, np.int32(middle)) >= wanted:
            low = middle
        else:
            high = middle
    total = sum_from(keys, values, np.int32(high)) if high < 1 << 31 else 0.0
    for i in range(len(keys)):
        if keys[i] == low and total < wanted:
            total += np.float64(values[i])
        elif keys[i] <= low:
            masses[i] = NO_MASS


@compiled(error_model="numpy")
def truncate(arrays: Any, rule: Any, clip: Any) -> None:
    """Zero the masses of the classes that top-k and top-p remove, and sum each 16 masses again."""
    keys, masses, logits = arrays.keys, arrays.masses, arrays.logits[clip]
    for i in range(len(keys)):  # whole numbers in the order of the floats
        keys[i] = logits[i] ^ ((logits[i] >> 31) & 0x7FFFFFFF)
    if rule.top_k > 0:
        keep_largest(keys, arrays.ones, masses, np.float64(rule.top_k))
    if rule.top_p < 1.0:
        total = sum_from(keys, masses, np.int32(-(1 << 31)))
        keep_largest(keys, masses, masses, rule.top_p * total)
    for block in range(0, len(keys), 16):
        total = 0.0
        for i in range(block, block + 16):
            total += np.float64(masses[i])
        arrays.sums[block // 16] = np.float32(total)


@compiled(error_model="numpy")
def choose(masses: Any, sums: Any, u: Any) -> Any:
    """Return the first class whose cumulative mass exceeds u times the total; never a class without mass."""
    width, total = len(sums), 0.0
    for i in range(width):
        total += np.float64(sums[i])
    target, reached, block = u * total, 0.0, 0
    while block < width - 1 and reached + np.float64(sums[block]) <= target:
        reached += np.float64(sums[block])
        block += 1
    last = -1
    for i in range(16 * block, 16 * block + 16):
        if masses[i] > NO_MASS:
            last = i
            reached += np.float64(masses[i])
            if reached > target:
                return i
    while last < 0:  # reached by rounding alone: take the nearest lower class that has a mass
        block -= 1
        for i in range(16 * block, 16 * block + 16):
            if masses[i] > NO_MASS:
                last = i
    return last


@compiled(error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def mean_step(masses: Any, window: Any, chosen: Any) -> Any:
    """Return the mean distance of the classes near a class from it, weighted by mass and window."""
    count = len(masses)
    near = window[count - chosen : 2 * count - chosen]
    total, moved = NO_MASS, NO_MASS
    for i in range(count):
        weight = masses[i] * near[i]
        total += weight
        moved += weight * np.float32(i - chosen)
    return np.float64(moved) / np.float64(total)


@compiled(error_model="numpy")
def draw_class(workspace: Any, arrays: Any, rule: Any, clip: Any, time: Any, number: Any) -> Any:
    """Draw the class of one clip's next sample from its logits.

    Args:
        workspace: Workspace, with the logits of all clips.
        arrays: ClassArrays; `masses` and `sums` are overwritten.
        rule: DrawRule.
        clip: the clip's place in the group.
        time: the sample's number, by which its uniform is addressed.
        number: the clip's number, likewise.
    """
    width = len(arrays.sums)
    logits = workspace.logits + 64 * width * clip
    exponentials(logits, width, largest(logits, width), rule.scale, workspace.masses, workspace.sums)
    if rule.top_k > 0 or rule.top_p < 1.0:
        truncate(arrays, rule, clip)
    u = uniform(rule.seed_low, rule.seed_high, time, number)
    chosen = choose(arrays.masses, arrays.sums, u)
    if len(rule.window):
        chosen += np.int64(math.floor(mean_step(arrays.masses, rule.window, chosen) + 0.5))
    return chosen
