"""Simulate four bowed strings on one bridge by digital waveguides with stick-slip friction.

Each string is a pair of delay lines (bow to nut and back, bow to bridge and back) that carry transverse
velocity. At the bow, the friction force f and the velocity v of the string satisfy Friedlander's equation

    v = v_h + f / (2 Z),      |f| <= mu_s N while sticking (v = v_bow),
    f = sign(v_bow - v) N (mu_d + (mu_s - mu_d) v_0 / (v_0 + |v - v_bow|)) while slipping,

where v_h is the sum of the arriving waves and Z the impedance of the string. With this hyperbolic friction
curve the equation is quadratic. If it has two solutions, the string stays in its state, sticking or slipping
(hysteresis: M. E. McIntyre, R. T. Schumacher and J. Woodhouse, "On the oscillations of musical instruments",
J. Acoust. Soc. Am. 74, 1983, section III). Waveguides: J. O. Smith, "Physical modeling using digital
waveguides", Computer Music Journal 16, 1992. The bridge moves a little, so that open strings vibrate in
sympathy.

Shapes: controls are (frames, 4), with the strings in the order G, D, A, E. The model leaves out torsional
waves, bending stiffness and the width of the bow. This module does not know notes, the player, the body of
the violin or the room.
"""

from dataclasses import dataclass

import numpy as np

from partita.ops.numba_cache import compiled_on_disk

INTERNAL_RATE = 48_000
"""Sample rate of the simulation in Hz, for every rate of the result."""

FRAME = 48
"""Samples between two control frames (1 ms); controls are interpolated linearly between frames."""

STRINGS = 4
IMPEDANCES = (0.36, 0.28, 0.22, 0.18)
"""Characteristic impedances of the G, D, A and E strings in kg/s (rounded values of gut strings)."""

LOSS_POLE = 0.45
"""Pole of the one-pole low-pass filter at the bridge, which damps high harmonics."""

BRIDGE_YIELD = 0.004
"""Admittance of the bridge in s/kg, which couples the strings."""

FRICTION_RATIO = 0.30
"""Ratio of sliding to sticking friction at high speed, mu_d / mu_s."""

FRICTION_SPEED = 0.12
"""Sliding speed v_0 in m/s at which half of the decrease of friction is reached."""

SHARPENING = (0.34, 1.0, 0.025)
"""Coefficients a, b, c of the pitch correction.

The period of a bowed string is too short by a - b |v_bow| + c (f / 1000)^4 internal samples: the losses of
high harmonics raise the pitch, and the hysteresis of friction lowers it, more at higher bow speed. The string
is lengthened by this amount. The coefficients were measured on this model over the range of the violin.
"""

_GIVE = 2.0 * BRIDGE_YIELD / (1.0 + BRIDGE_YIELD * sum(IMPEDANCES))
_LINE = 1024
_DELAY, _BRIDGE_DELAY, _GAIN, _VELOCITY, _FORCE = range(5)


@dataclass(frozen=True, kw_only=True)
class Controls:
    """The player's control of the strings: arrays of shape (frames, 4), one column for each string.

    Attributes:
        frequency: frequency of the stopped string, Hz, 100 to 4,000.
        velocity: velocity of the bow, m/s; its sign is the direction.
        force: largest friction force while sticking, divided by twice the string's impedance, m/s; 0 means
            that the bow is lifted. Helmholtz motion is stable from about 0.3 to 1 times velocity / position.
        position: distance of the bow from the bridge as a share of the string's length, in (0, 0.3].
        decay: time in which the free string loses 60 dB, s; the bridge damps it a little more.
    """

    frequency: np.ndarray
    velocity: np.ndarray
    force: np.ndarray
    position: np.ndarray
    decay: np.ndarray


def loss_delay(frequency: np.ndarray) -> np.ndarray:
    """Return the phase delay of the bridge's low-pass filter at each frequency, in internal samples.

    Args:
        frequency: Hz, any shape.

    >>> round(float(loss_delay(np.array(440.0))), 3)
    0.816
    """
    w = 2 * np.pi * frequency / INTERNAL_RATE
    return np.asarray(np.arctan2(LOSS_POLE * np.sin(w), 1 - LOSS_POLE * np.cos(w)) / w)


@compiled_on_disk()
def _read(line, row, write, delay):  # type: ignore[no-untyped-def]
    """Return the value written `delay` >= 1 samples ago, by Lagrange interpolation of order three."""
    whole = max(int(delay), 2)
    x = delay - whole + 1.0
    i = write - whole + 1
    a = line[row, i & (_LINE - 1)]
    b = line[row, (i - 1) & (_LINE - 1)]
    c = line[row, (i - 2) & (_LINE - 1)]
    d = line[row, (i - 3) & (_LINE - 1)]
    x1, x2, x3 = x - 1.0, x - 2.0, x - 3.0
    outer = (d * x - a * x3) * x1 * x2 / 6.0
    inner = (b * x2 - c * x1) * x * x3 / 2.0
    return outer + inner


@compiled_on_disk()
def _friction(gap, force, sticking):  # type: ignore[no-untyped-def]
    """Solve for the friction with `gap` = v_bow - v_h; return the change of velocity and if it sticks."""
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


@compiled_on_disk()
def _simulate(hands, noise):  # type: ignore[no-untyped-def]
    """Simulate from rest; `hands` is (frames, 4, 5): delay, delay to the bridge, gain, velocity, force."""
    frames = hands.shape[0]
    out = np.zeros((frames - 1) * FRAME, np.float32)
    nut, bridge = np.zeros((STRINGS, _LINE)), np.zeros((STRINGS, _LINE))
    hand, turn = np.zeros((STRINGS, 5)), np.zeros((STRINGS, 5))
    low = np.zeros(STRINGS)
    sticking = np.ones(STRINGS, np.bool_)
    n = 0
    for frame in range(frames - 1):
        for s in range(STRINGS):
            for i in range(5):
                hand[s, i] = hands[frame, s, i]
                turn[s, i] = (hands[frame + 1, s, i] - hand[s, i]) / FRAME
        for _ in range(FRAME):
            push = 0.0
            for s in range(STRINGS):
                arriving = _read(bridge, s, n, hand[s, _BRIDGE_DELAY])
                low[s] = (1.0 - LOSS_POLE) * arriving + LOSS_POLE * low[s]
                push += IMPEDANCES[s] * arriving
            out[n] = push
            for s in range(STRINGS):
                from_nut = -hand[s, _GAIN] * _read(nut, s, n, hand[s, _DELAY])
                from_bridge = _GIVE * push - low[s]
                change = 0.0
                if hand[s, _FORCE] > 1e-9:
                    gap = hand[s, _VELOCITY] - from_nut - from_bridge
                    change, sticking[s] = _friction(gap, hand[s, _FORCE] * (1.0 + noise[n]), sticking[s])
                nut[s, n & (_LINE - 1)] = from_bridge + change
                bridge[s, n & (_LINE - 1)] = from_nut + change
                for i in range(5):
                    hand[s, i] += turn[s, i]
            n += 1
    return out


def simulate(controls: Controls, noise: np.ndarray) -> np.ndarray:
    """Simulate the strings from rest and return their force on the bridge.

    Args:
        controls: the player's control, `frames` frames.
        noise: ((frames - 1) * FRAME,) relative fluctuation of the friction force, standard deviation about
            0.1.

    Returns:
        ((frames - 1) * FRAME,) float32, N, at INTERNAL_RATE.

    >>> a = {"frequency": 440.0, "velocity": 0.2, "force": 1.2, "position": 0.1, "decay": 0.6}
    >>> steady = Controls(**{name: np.full((101, 4), value) for name, value in a.items()})
    >>> simulate(steady, np.zeros(4800, np.float32)).shape
    (4800,)
    """
    period = INTERNAL_RATE / controls.frequency - loss_delay(controls.frequency)
    a, b, c = SHARPENING
    sharp = a - b * np.abs(controls.velocity) + c * (controls.frequency / 1000) ** 4
    period += np.where(controls.force > 0, sharp, 0.0)
    near = np.maximum(controls.position * period, 1.0)
    gain = 10.0 ** (-3.0 / (controls.frequency * controls.decay))
    hands = np.stack([period - near, near, gain, controls.velocity, controls.force], axis=2)
    return np.asarray(_simulate(hands, noise))
