"""Acoustics: filter the force on the bridge by the body of the violin and by a small room.

The body is a bank of resonances at the published frequencies of good violins (A0, the signature modes B1- and
B1+, the bridge hill: G. Bissinger, "Structural acoustics of good and bad violins", J. Acoust. Soc. Am. 124,
2008); the gains and quality factors are our choice. The room is a set of early reflections and a feedback
delay network with eight lines (J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial
reverberators", AES Convention 90, 1991). This module knows neither strings nor notes.
"""

import numpy as np

from partita.ops.numba_cache import compiled_on_disk

BODY_MODES = np.array(
    [
        # frequency in Hz, quality factor, gain
        [275.0, 14.0, 0.60],  # A0: resonance of the air in the body
        [405.0, 22.0, 0.30],  # CBR: shear mode of the body
        [455.0, 18.0, 0.80],  # B1-: first bending mode of the body
        [545.0, 20.0, 0.95],  # B1+: second bending mode of the body
        [700.0, 18.0, 0.55],
        [845.0, 20.0, 0.60],
        [1010.0, 18.0, 0.70],
        [1190.0, 16.0, 0.60],
        [1480.0, 12.0, 0.75],
        [1850.0, 9.0, 0.80],
        [2300.0, 6.0, 1.30],  # the bridge hill
        [2850.0, 6.0, 1.10],
        [3700.0, 4.0, 0.70],
        [5600.0, 2.0, 0.35],
    ]
)
"""Modes of the body. The signs of neighbouring modes alternate, which avoids dips between them."""

REFLECTIONS = np.array([[0.0067, 0.42], [0.0113, -0.33], [0.0171, 0.30], [0.0229, 0.22], [0.0307, -0.19]])
"""Early reflections: delay in seconds, gain."""

LINES = np.array([1447, 1693, 1979, 2239, 2503, 2741, 3067, 3371])
"""Delays of the reverberation's lines in samples at 48 kHz; primes, so that echoes do not coincide."""

REVERBERATION = 0.75
"""Time in seconds in which the reverberation falls by 60 dB."""

WET = 0.22
"""Gain of the reverberation relative to the direct sound."""


@compiled_on_disk()
def _resonate(force, coefficients):  # type: ignore[no-untyped-def]
    """Return the sum of second-order filters; `coefficients` is (modes, 3): gain and two of feedback."""
    modes = coefficients.shape[0]
    out = np.zeros(force.shape[0])
    one = np.zeros(modes)
    two = np.zeros(modes)
    for n in range(force.shape[0]):
        total = 0.0
        for m in range(modes):
            state = force[n] - coefficients[m, 1] * one[m] - coefficients[m, 2] * two[m]
            total += coefficients[m, 0] * (state - two[m])
            two[m] = one[m]
            one[m] = state
        out[n] = total
    return out


@compiled_on_disk()
def _reverberate(dry, delays, gains, damping):  # type: ignore[no-untyped-def]
    """Return the output of a feedback delay network; `damping` is the pole of its low-pass filters."""
    lines = delays.shape[0]
    buffer = np.zeros((lines, 4096))
    low = np.zeros(lines)
    out = np.zeros(dry.shape[0])
    for n in range(dry.shape[0]):
        total = 0.0
        wet = 0.0
        for i in range(lines):
            low[i] += (1.0 - damping) * (buffer[i, (n - delays[i]) & 4095] - low[i])
            total += low[i]
            wet += low[i] if i % 2 == 0 else -low[i]
        for i in range(lines):
            buffer[i, n & 4095] = gains[i] * (low[i] - 2.0 / lines * total) + dry[n]
        out[n] = wet
    return out


def body(force: np.ndarray, rate: int) -> np.ndarray:
    """Return the sound that the body of the violin radiates.

    Args:
        force: (samples,) force on the bridge, N.
        rate: sample rate, Hz.

    Returns:
        (samples,) float64.
    """
    w = 2 * np.pi * BODY_MODES[:, 0] / rate
    alpha = np.sin(w) / (2 * BODY_MODES[:, 1])
    signs = (-1.0) ** np.arange(len(BODY_MODES))
    gains = signs * BODY_MODES[:, 2] * alpha / (1 + alpha)
    coefficients = np.stack([gains, -2 * np.cos(w) / (1 + alpha), (1 - alpha) / (1 + alpha)], axis=1)
    return np.asarray(_resonate(force, coefficients))


def room(dry: np.ndarray, rate: int) -> np.ndarray:
    """Return a sound as it is recorded in the room: direct sound, early reflections and reverberation.

    Args:
        dry: (samples,) sound without a room.
        rate: sample rate, Hz, at most 48,000.

    Returns:
        (samples,) float64.
    """
    sound = dry.copy()
    for delay, gain in REFLECTIONS:
        shift = round(delay * rate)
        sound[shift:] += gain * dry[: max(0, len(dry) - shift)]
    delays = np.round(LINES * (rate / 48_000)).astype(np.int64)
    gains = 10.0 ** (-3.0 * delays / (rate * REVERBERATION))
    return np.asarray(sound + WET * _reverberate(sound, delays, gains, 0.35))
