"""Uniforms by address: the number that draws sample t of clip c is a function of the seed, c and t alone.

So a clip does not depend on the other clips, the block size, the threads or the device, and any sample's
number can be computed without those before it. The function is Philox4x32-10, a counter-based generator, with
key = seed and counter = (t, c). This file is the reference for `uniform` in `cpu/categorical.py` and
`gpu/categorical.py`. It does not know models or probabilities.

Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(counter: NDArray[np.uint32], key: tuple[int, int]) -> NDArray[np.uint32]:
    """Return the Philox4x32-10 block of every counter.

    Args:
        counter: (..., 4) words, lowest first.
        key: two 32-bit words.

    Returns:
        (..., 4) words.

    >>> [f"{word:08x}" for word in philox(np.zeros(4, np.uint32), (0, 0))]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    a, b, c, d = (counter[..., word].astype(np.uint64) for word in range(4))
    first, second = key
    for _ in range(ROUNDS):
        left, right = np.uint64(MULTIPLIERS[0]) * a, np.uint64(MULTIPLIERS[1]) * c
        a, b = (right >> HALF) ^ b ^ np.uint64(first), right & LOW
        c, d = (left >> HALF) ^ d ^ np.uint64(second), left & LOW
        first, second = (first + WEYL[0]) & 0xFFFFFFFF, (second + WEYL[1]) & 0xFFFFFFFF
    return np.stack([a, b, c, d], -1).astype(np.uint32)


def uniforms(seed: int, clips: Sequence[int] | int, start: int, steps: int) -> NDArray[np.float64]:
    """Return the uniforms of consecutive samples of some clips.

    u = (m + 1/2) / 2^52, where m is the upper 52 bits of the block's first two words: never 0 and never 1.

    Args:
        seed: 0 to 2^64 - 1.
        clips: the clip numbers, or the number of clips, numbered from 0.
        start: the number of the first sample; 0 is the first one that a clip draws.
        steps: samples per clip.

    Returns:
        (clips, steps), in (0, 1).

    >>> whole, part = uniforms(7, 3, 0, 100), uniforms(7, [2], 40, 10)
    >>> bool((whole[2:, 40:50] == part).all())
    True
    """
    numbers = np.arange(clips) if isinstance(clips, int) else np.asarray(clips)
    time = np.arange(start, start + steps, dtype=np.uint64)[None, :]
    clip = numbers.astype(np.uint64)[:, None]
    shape = (len(numbers), steps)
    words = [time & LOW, time >> HALF, clip & LOW, clip >> HALF]
    counter = np.stack([np.broadcast_to(word, shape) for word in words], -1).astype(np.uint32)
    block = philox(counter, (seed & 0xFFFFFFFF, seed >> 32)).astype(np.uint64)
    mantissa = (block[..., 0] << np.uint64(20)) | (block[..., 1] >> np.uint64(12))
    return (mantissa.astype(np.float64) + 0.5) * 2.0**-52
