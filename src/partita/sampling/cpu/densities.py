"""The compiled rule that turns the outputs of a head with a density, and a uniform, into a class.

`models/heads` is the reference. This file does not know networks.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from partita.ops.numba_cache import compiled

CENTRE, TAIL = 0.425, 5.0
LOW_TOP = (
    *(3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4),
    *(4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
)
LOW_BOTTOM = (
    *(1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3),
    *(2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)
MIDDLE_TOP = (
    *(1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0),
    *(
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
)
MIDDLE_BOTTOM = (
    *(1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1),
    *(
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
FAR_TOP = (
    *(
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
    ),
    *(
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
)
FAR_BOTTOM = (
    *(1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2),
    *(
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
"""Wichura's coefficients, from that of the power 0 on."""


class DensityRule(NamedTuple):
    """How a value is drawn from a density."""

    classes: Any
    """The classes of the samples, int64; 0 for a network without a density."""
    mixtures: Any
    """The distributions of a mixture, int64; 0 for one normal distribution."""
    temperature: Any
    """float64."""
    least: Any
    """The least logarithm of a scale, float64."""
    most: Any
    """The largest one."""
    farthest: Any
    """How far from 0 a mean may be, float64."""
    nearest: Any
    """How near to 0 and 1 a uniform within a distribution of a mixture may be, float64."""
    deviation: Any
    """The standard deviation of a distribution of a mixture of scale 1, float64."""
    window: Any
    """The smoothing, float64, in the values' units; 0 for none."""


@compiled(error_model="numpy")
def ratio(top: Any, bottom: Any, x: Any) -> Any:
    """Return the quotient of two polynomials of degree 7."""
    above, below = 0.0, 0.0
    for i in range(7, -1, -1):
        above, below = above * x + top[i], below * x + bottom[i]
    return above / below


@compiled(error_model="numpy")
def normal_quantile(u: Any) -> Any:
    """Return the quantile of the standard normal distribution, u in (0, 1).

    Source: Wichura 1988, "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16, whose
    relative error is below 1e-15.
    """
    q = u - 0.5
    if abs(q) <= CENTRE:
        return q * ratio(LOW_TOP, LOW_BOTTOM, CENTRE * CENTRE - q * q)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    size = ratio(MIDDLE_TOP, MIDDLE_BOTTOM, r - 1.6) if r <= TAIL else ratio(FAR_TOP, FAR_BOTTOM, r - TAIL)
    return -size if q < 0.0 else size


@compiled(error_model="numpy")
def logistic_draw(outputs: Any, rule: Any, u: Any) -> Any:
    """Return the mean and the deviation of the chosen distribution, and the drawn distance from the mean."""
    count, temperature = rule.mixtures, rule.temperature
    top, total = np.float64(outputs[0]), 0.0
    for k in range(1, count):
        top = max(top, np.float64(outputs[k]))
    for k in range(count):
        total += math.exp((np.float64(outputs[k]) - top) / temperature)
    target, begin, mass, chosen = u * total, 0.0, 1.0, count - 1
    for k in range(count):
        mass = math.exp((np.float64(outputs[k]) - top) / temperature)
        if begin + mass > target:
            chosen = k
            break
        if k < count - 1:
            begin += mass
    within = min(max((target - begin) / mass, rule.nearest), 1.0 - rule.nearest)
    log_scale = min(max(np.float64(outputs[2 * count + chosen]), rule.least), rule.most)
    scale = temperature * math.exp(log_scale)
    far = scale * math.log(within / (1.0 - within))
    mean = min(max(np.float64(outputs[count + chosen]), -rule.farthest), rule.farthest)
    return mean, rule.deviation * scale, far


@compiled(error_model="numpy")
def gaussian_draw(outputs: Any, rule: Any, u: Any) -> Any:
    """Return the mean, the deviation, and the drawn distance from the mean."""
    log_deviation = min(max(np.float64(outputs[1]), rule.least), rule.most)
    deviation = rule.temperature * math.exp(log_deviation)
    mean = min(max(np.float64(outputs[0]), -rule.farthest), rule.farthest)
    return mean, deviation, deviation * normal_quantile(u)


@compiled(error_model="numpy")
def draw_value(outputs: Any, rule: Any, u: Any) -> Any:
    """Return the class of a value drawn from the density that a network's outputs give.

    Args:
        outputs: (columns,) float32.
        rule: DensityRule.
        u: a uniform.
    """
    if rule.mixtures > 0:
        mean, deviation, far = logistic_draw(outputs, rule, u)
    else:
        mean, deviation, far = gaussian_draw(outputs, rule, u)
    if rule.window > 0.0:
        far *= deviation**2 / (deviation**2 + rule.window**2)
    place = math.floor((mean + far + 1.0) * (0.5 * (rule.classes - 1)) + 0.5)
    return np.int64(min(max(place, 0.0), np.float64(rule.classes - 1)))
