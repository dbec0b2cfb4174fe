"""Four bowed strings on one bridge: a digital waveguide with a stick-slip friction junction.

Each string is a pair of delay lines (bow to nut and back, bow to bridge and back) that carry transverse velocity. Where the
bow touches, the friction force f and the string's velocity v satisfy Friedlander's equation

    v = v_h + f / (2 Z),      |f| <= mu_s N while sticking (v = v_bow),
    f = sign(v_bow - v) N (mu_d + (mu_s - mu_d) v_0 / (v_0 + |v - v_bow|)) while slipping,

v_h being the sum of the waves that arrive and Z the string's impedance. With this hyperbolic friction curve the equation is a
quadratic; where it has two solutions the string keeps the state it was in (hysteresis: M. E. McIntyre, R. T. Schumacher and
J. Woodhouse, "On the oscillations of musical instruments", J. Acoust. Soc. Am. 74, 1983, section III). The four strings
meet at a bridge that yields a little, so that open strings ring along with what is played.

Shapes: controls are (frames, 4), strings in the order G, D, A, E. This file knows no notes, no player, no body and no
room; it has no torsional waves, no bending stiffness and no bow width.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

INTERNAL_RATE = 48_000
"""Samples a second inside the strings, whatever the rate of the result."""

FRAME = 48
"""Samples between two control frames (1 ms); controls are interpolated linearly in between."""

STRINGS = 4
IMPEDANCES = np.array([0.36, 0.28, 0.22, 0.18])
"""Characteristic impedances in kg/s of the G, D, A and E strings (nominal values for gut-like cores)."""

LOSS_POLE = 0.45
"""Pole of the one-pole low-pass at the bridge: how fast high harmonics die."""

BRIDGE_YIELD = 0.004
"""Admittance of the bridge in s/kg: how much of one string's force reaches the others."""

FRICTION_RATIO = 0.30
"""Sliding over sticking friction at high speed."""

FRICTION_SPEED = 0.12
"""Sliding speed in m/s at which the friction has fallen half way."""

_LINE = 1024


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the hands do: arrays of shape (frames, 4), one column a string.

    Attributes:
        frequency: of the string's free length, Hz.
        velocity: of the bow, m/s; its sign is the direction.
        force: largest friction force that sticking can bear over twice the string's impedance, m/s; 0 lifts the bow.
        position: distance of the bow from the bridge over the string's length, in (0, 0.3].
        decay: time in which the free string would lose 60 dB, s.
    """

    frequency: np.ndarray
    velocity: np.ndarray
    force: np.ndarray
    position: np.ndarray
    decay: np.ndarray


def loss_delay(frequency: np.ndarray) -> np.ndarray:
    """Return the phase delay, in internal samples, of the bridge's low-pass at each frequency in Hz."""
    w = 2 * np.pi * frequency / INTERNAL_RATE
    return np.asarray(np.arctan2(LOSS_POLE * np.sin(w), 1 - LOSS_POLE * np.cos(w)) / w)


@njit(cache=True)
def _read(line, row, write, delay):  # type: ignore[no-untyped-def]
    """Return what was written `delay` >= 1 samples ago, by Lagrange interpolation of order three."""
    whole = int(delay)
    if whole < 2:
        whole = 2
    x = delay - whole + 1.0
    i = write - whole + 1
    a = line[row, i & (_LINE - 1)]
    b = line[row, (i - 1) & (_LINE - 1)]
    c = line[row, (i - 2) & (_LINE - 1)]
    d = line[row, (i - 3) & (_LINE - 1)]
    x1, x2, x3 = x - 1.0, x - 2.0, x - 3.0
    return -a * x1 * x2 * x3 / 6.0 + b * x * x2 * x3 / 2.0 - c * x * x1 * x3 / 2.0 + d * x * x1 * x2 / 6.0


@njit(cache=True)
def _friction(gap, force, sticking):  # type: ignore[no-untyped-def]
    """Solve the junction: `gap` = v_bow - v_h; return (change of velocity, whether the string sticks)."""
    size = abs(gap)
    if sticking and size <= force:
        return gap, True
    half = 0.5 * (size - FRICTION_SPEED - force * FRICTION_RATIO)
    discriminant = half * half + FRICTION_SPEED * (size - force)
    if discriminant >= 0.0:
        slip = half + np.sqrt(discriminant)
        if slip > 0.0:
            return (size - slip) * (1.0 if gap > 0.0 else -1.0), False
    return gap, True


@njit(cache=True)
def _simulate(delay, bridge_delay, gain, velocity, force, noise, impedances):  # type: ignore[no-untyped-def]
    frames = delay.shape[0]
    out = np.zeros((frames - 1) * FRAME, np.float32)
    nut = np.zeros((STRINGS, _LINE))
    bridge = np.zeros((STRINGS, _LINE))
    low = np.zeros(STRINGS)
    sticking = np.ones(STRINGS, np.bool_)
    arriving = np.zeros(STRINGS)
    total = 0.0
    for s in range(STRINGS):
        total += impedances[s]
    yielding = 2.0 * BRIDGE_YIELD / (1.0 + BRIDGE_YIELD * total)
    n = 0
    for frame in range(frames - 1):
        for step in range(FRAME):
            u = step / FRAME
            push = 0.0
            for s in range(STRINGS):
                short = bridge_delay[frame, s] + u * (bridge_delay[frame + 1, s] - bridge_delay[frame, s])
                arriving[s] = _read(bridge, s, n, short)
                low[s] = (1.0 - LOSS_POLE) * arriving[s] + LOSS_POLE * low[s]
                push += impedances[s] * arriving[s]
            out[n] = push
            for s in range(STRINGS):
                long = delay[frame, s] + u * (delay[frame + 1, s] - delay[frame, s])
                from_nut = -gain[frame, s] * _read(nut, s, n, long)
                from_bridge = yielding * push - low[s]
                press = force[frame, s] + u * (force[frame + 1, s] - force[frame, s])
                change = 0.0
                if press > 0.0:
                    bow = velocity[frame, s] + u * (velocity[frame + 1, s] - velocity[frame, s])
                    press *= 1.0 + noise[n]
                    change, sticking[s] = _friction(bow - from_nut - from_bridge, press, sticking[s])
                nut[s, n & (_LINE - 1)] = from_bridge + change
                bridge[s, n & (_LINE - 1)] = from_nut + change
            n += 1
    return out


def simulate(controls: Controls, noise: np.ndarray) -> np.ndarray:
    """Play the strings and return the force on the bridge, (frames - 1) * FRAME samples at INTERNAL_RATE.

    Args:
        controls: what the hands do, from rest.
        noise: (samples,) relative fluctuation of the friction, about 0.1.
    """
    period = INTERNAL_RATE / controls.frequency - loss_delay(controls.frequency)
    short = np.maximum(controls.position * period, 1.0)
    gain = 10.0 ** (-3.0 / (controls.frequency * controls.decay))
    return np.asarray(
        _simulate(period - short, short, gain, controls.velocity, controls.force, noise, IMPEDANCES)
    )
