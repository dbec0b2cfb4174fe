"""Simple melodies: tones that change every quarter of a second, with a little noise."""

import numpy as np

RATE = 8000


def melodies(clips: int, seconds: float, seed: int) -> np.ndarray:
    """Return (clips, samples)."""
    rng = np.random.default_rng(seed)
    pitches = 200 * 2 ** (rng.integers(0, 24, (clips, int(4 * seconds) + 1)) / 12)
    pitch = np.repeat(pitches, RATE // 4, axis=1)[:, : int(seconds * RATE)]
    sound = np.sin(2 * np.pi * np.cumsum(pitch, 1) / RATE)
    return np.asarray(0.2 * sound + 0.005 * rng.standard_normal(sound.shape))
