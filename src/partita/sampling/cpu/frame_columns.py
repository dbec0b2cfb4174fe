"""The compiled rule of the frame tier's columns: the Gaussians of a column, and a number drawn from them.

`sampling/frames/reference.py` is the reference. This file does not know recurrent layers.
"""

import math
from typing import Any

import numpy as np

from partita.ops.numba_cache import compiled

PITCH = 1
"""The place of the pitch among the columns: periodicity, pitch, bands."""
NOTHING = np.float32(0.0)


@compiled(error_model="numpy")
def add_scaled(factor: Any, row: Any, total: Any) -> None:
    """Add a row times a factor to a total of the same length."""
    for i in range(len(row)):
        total[i] += factor * row[i]


@compiled(error_model="numpy")
def semitone_place(pitch: Any, units: Any, count: Any) -> Any:
    """Return the lower of the two semitones around a normalised pitch, and the share of the upper one."""
    place = units.scale[PITCH] * pitch + units.shift[PITCH] - np.float32(units.lowest)
    last = np.float32(count - 1)
    place = place if place >= NOTHING else NOTHING  # NaN too
    place = place if place <= last else last
    lower = min(int(place), count - 2)
    return lower, place - np.float32(lower)


@compiled(error_model="numpy")
def add_bins(pitch: Any, factor: Any, units: Any, table: Any, total: Any) -> None:
    """Add the rows of a table that belong to the semitones around a normalised pitch, times a factor."""
    lower, upper_share = semitone_place(pitch, units, len(table))
    add_scaled(factor * (np.float32(1.0) - upper_share), table[lower], total)
    add_scaled(factor * upper_share, table[lower + 1], total)


@compiled(error_model="numpy")
def write_matches(pitch: Any, factor: Any, units: Any, score: Any, out: Any) -> None:
    """Write each row of a score at a normalised pitch, shared by two semitones, times a factor.

    Args:
        pitch: the normalised pitch.
        factor: a number.
        units: Units.
        score: (rows, semitones) float32.
        out: (rows,) float32, overwritten.
    """
    lower, upper_share = semitone_place(pitch, units, score.shape[1])
    for row in range(len(score)):
        low, high = score[row, lower], score[row, lower + 1]
        out[row] = factor * ((np.float32(1.0) - upper_share) * low + upper_share * high)


@compiled(error_model="numpy")
def add_score(network: Any, work: Any, score: Any) -> None:
    """Add what a score says to the logits of the pitch's semitones."""
    hidden = len(network.score)
    for row in range(len(score)):
        weight = network.score_bias[row]
        for i in range(hidden):
            value = work.columns[PITCH * hidden + i]
            if value > NOTHING:
                weight += value * network.score[i, row]
        add_scaled(weight, score[row], work.semitones[: score.shape[1]])


@compiled(error_model="numpy")
def fill_mixture(network: Any, units: Any, state: Any, work: Any, column: Any, score: Any) -> Any:
    """Write the Gaussians of a column, and return how many there are."""
    _, hidden, outputs = network.output.shape
    mixtures = outputs // 3
    found, semitones, mixture = work.found, work.semitones, work.mixture
    found[:] = network.output_bias[column]
    semitones[:] = network.semitones_bias
    for i in range(hidden):
        value = work.columns[column * hidden + i]
        if value > NOTHING:
            add_scaled(value, network.output[column, i], found)
            if column == PITCH:
                add_scaled(value, network.semitones[i], semitones)
    carried = network.carry[column] * state.frame[column]
    unit = np.float32(1.0) / units.scale[column]
    log_unit = math.log(unit)
    for k in range(mixtures):
        mixture[0, k] = found[k]
        mixture[1, k] = unit * found[mixtures + k] + carried
        mixture[2, k] = found[2 * mixtures + k] + log_unit
    if column != PITCH:
        return mixtures
    add_score(network, work, score)
    count = len(semitones) - 2
    offset, deviation = math.tanh(np.float64(semitones[count])), semitones[count + 1] + log_unit
    for k in range(count):
        note = np.float64(units.lowest + k - units.shift[PITCH]) + offset
        mixture[0, mixtures + k] = semitones[k]
        mixture[1, mixtures + k] = note / units.scale[PITCH]
        mixture[2, mixtures + k] = deviation
    return mixtures + count


@compiled(error_model="numpy")
def guide(mixture: Any, plain: Any, count: Any, guidance: Any, column: Any) -> None:
    """Move the Gaussians of a column away from those that the network gives without notes and labels.

    Args:
        mixture: (3, Gaussians) float64: logits, means and log deviations; logits, and the means of all
            columns but the pitch, are changed.
        plain: the same without notes and labels.
        count: Gaussians of the column.
        guidance: the factor of the difference.
        column: the column.
    """
    for k in range(count):
        mixture[0, k] = plain[0, k] + guidance * (mixture[0, k] - plain[0, k])
        if column != PITCH:
            mixture[1, k] = plain[1, k] + guidance * (mixture[1, k] - plain[1, k])


@compiled(error_model="numpy")
def draw_value(mixture: Any, count: Any, bounds: Any, temperature: Any, u: Any) -> Any:
    """Return a number drawn from the first `count` Gaussians, by three uniforms."""
    largest, total = mixture[0, 0], 0.0
    for k in range(1, count):
        largest = max(largest, mixture[0, k])
    for k in range(count):
        total += math.exp((mixture[0, k] - largest) / temperature)
    target, reached, chosen = u[0] * total, 0.0, count - 1
    for k in range(count):
        reached += math.exp((mixture[0, k] - largest) / temperature)
        if reached > target:
            chosen = k
            break
    deviation = math.exp(min(max(mixture[2, chosen], bounds[0]), bounds[1]))
    normal = math.sqrt(-2.0 * math.log(u[1])) * math.cos(2.0 * math.pi * u[2])
    return mixture[1, chosen] + temperature * deviation * normal


@compiled(error_model="numpy")
def mean_power(units: Any, features: Any) -> Any:
    """Return the mean power of the bands of a frame, (columns,) in the units of the features."""
    floor, shift, scale = units.power[0], units.power[1], units.power[2]
    total = 0.0
    for column in range(PITCH + 1, len(features)):
        total += max(math.exp(scale * np.float64(features[column]) - shift) - floor, 0.0)
    return total / (len(features) - PITCH - 1)


@compiled(error_model="numpy")
def set_loudness(loudness: Any, units: Any, frame: Any, out: Any) -> None:
    """Multiply all bands of a frame by one gain, so that ln(floor + mean power) is `loudness`.

    Args:
        loudness: what `loudness_of` in `sampling/frames/loudness.py` is to be.
        units: Units.
        frame: (columns,) float32, normalised; its bands are replaced.
        out: (columns,) float32, the same in the units of the features.
    """
    floor, shift, scale, most = units.power[0], units.power[1], units.power[2], units.power[3]
    mean = max(mean_power(units, out), 1e-12)
    gain = min(max(math.exp(loudness) - floor, 0.0) / mean, most)
    for column in range(PITCH + 1, len(out)):
        power = max(math.exp(scale * np.float64(out[column]) - shift) - floor, 0.0)
        feature = (math.log(floor + gain * power) + shift) / scale
        feature = min(max(feature, units.low[column]), units.high[column])
        out[column] = np.rint(feature / units.step[column]) * units.step[column]
        frame[column] = (out[column] - units.shift[column]) / units.scale[column]


@compiled(error_model="numpy")
def follow_level(units: Any, slow: Any, features: Any, sounds: Any) -> None:
    """Update the slow loudness by a frame, unless it is silence.

    Args:
        units: Units.
        slow: (1,) float64, changed.
        features: (columns,) in the units of the features.
        sounds: whether a note is given for the frame, so that it must not be silence.
    """
    loudness = math.log(units.power[0] + mean_power(units, features))
    if loudness < units.levels[0] - units.levels[4] and not sounds:
        return
    before = loudness if math.isnan(slow[0]) else slow[0]
    slow[0] = before + units.levels[2] * (loudness - before)


@compiled(error_model="numpy")
def keep_level(units: Any, slow: Any, frame: Any, out: Any, sounds: Any) -> None:
    """Update the slow loudness by a drawn frame, which is first moved toward the usual range.

    Args:
        units: Units.
        slow: (1,) float64, changed.
        frame: (columns,) float32, normalised; its bands may be replaced.
        out: (columns,) float32, the same in the units of the features.
        sounds: whether a note is given for the frame, so that it must not be silence.
    """
    if not math.isnan(slow[0]):
        wanted = min(max(slow[0], units.levels[0]), units.levels[1])
        if wanted != slow[0]:
            loudness = math.log(units.power[0] + mean_power(units, out))
            if loudness >= units.levels[0] - units.levels[4] or sounds:
                set_loudness(loudness + units.levels[3] * (wanted - slow[0]), units, frame, out)
    follow_level(units, slow, out, sounds)
