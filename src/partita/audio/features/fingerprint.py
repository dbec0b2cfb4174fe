"""Acoustic fingerprints: bits that stay when a recording is re-encoded, trimmed or set to another level.

They tell whether two recordings are the same performance. This file does not know where recordings come from.
A recording at another pitch or speed has another fingerprint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError

FRAMES_PER_SECOND = 10
BANDS = 16
LOWEST_HZ, HIGHEST_HZ = 200.0, 3000.0
WINDOW_S = 0.4
OFFSETS = 4
"""Starts that are compared, over the time of one frame: two recordings are then at most 1/8 frame apart."""
MIN_FRAMES, MOST_FRAMES = 20, 100
"""Frames of a block that is compared: with fewer the bound on the share of equal bits is too high."""
LEAST_SOUND = 0.8  # share of bits that are not silent
EXCESS = 0.24
"""Share of equal bits above one half that makes `MOST_FRAMES` frames of all bands the same sound. Measured on
blocks of 10 s of five recordings of a violin, as the largest share of a block somewhere in a recording: other
sound at most 0.58, a phrase that the player repeats up to 0.77; copies in MP3 at its lowest quality 0.94 in
the median, with white noise 10 dB below them 0.83, in Opus at its lowest quality 0.78."""
SILENT = 1e-12  # energy of a band: more than the rounding of 16-bit samples leaves
PLACES = 512  # places of a recording that are compared at once
CHUNK = 128  # frames that are transformed at once, which bounds the memory


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a sound.

    Args:
        bits: (frames, bands) bool, 10 frames a second.
        sound: (frames, bands) bool, False where the sound is silent and the bit means nothing.
    """

    bits: NDArray[np.bool_]
    sound: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.bits)

    @property
    def is_silent(self) -> bool:
        """Return whether too much of the sound is silent for its bits to mean anything."""
        return bool(self.sound.mean() < LEAST_SOUND) if self.sound.size else True


def fingerprint(waveform: NDArray[np.floating], sample_rate: int) -> Fingerprint:
    """Return the acoustic fingerprint of a sound.

        bit[i, m] = (E[i+1, m] - E[i+1, m+1]) - (E[i, m] - E[i, m+1]) > 0

    E[i, m] is the logarithm of the energy of band m in a Hann window of 0.4 s that starts at i / 10 s. The 17
    bands are equally wide in the logarithm of the frequency, from 200 to 3000 Hz; those above half the sample
    rate are left out.

    Source: Haitsma and Kalker 2002, A highly robust audio fingerprinting system, section 4.2.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.

    Raises:
        PartitaError: the sound is not one-dimensional.

    >>> fingerprint(np.random.default_rng(0).uniform(-1, 1, 16000), 16000).bits.shape
    (6, 16)
    """
    x = np.asarray(waveform, dtype=np.float32)
    if x.ndim != 1:
        raise PartitaError(f"`waveform` has shape {x.shape}, must be (samples,): give one channel")
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 2)
    bands = max(0, int(np.searchsorted(edges, 0.45 * sample_rate, side="right")) - 2)
    energy = _energy(x, sample_rate, edges[: bands + 2]) if bands else np.zeros((0, 1), np.float32)
    tilt = np.diff(np.log(energy + SILENT), axis=1)
    silent = (energy[1:, 1:] < SILENT) & (energy[1:, :-1] < SILENT)
    return Fingerprint(np.diff(tilt, axis=0) < 0, ~silent)


def _energy(x: NDArray[np.float32], sample_rate: int, edges: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the energy of each band in each window, (windows, bands)."""
    size = round(WINDOW_S * sample_rate)
    count = max(0, int((len(x) - size) / sample_rate * FRAMES_PER_SECOND) + 1) if len(x) >= size else 0
    starts = np.round(np.arange(count) * sample_rate / FRAMES_PER_SECOND).astype(np.int64)
    frequencies = np.arange(size // 2 + 1) * sample_rate / size
    inside = (frequencies[:, None] >= edges[:-1]) & (frequencies[:, None] < edges[1:])
    filters = inside.astype(np.float32) / size**2
    window = np.hanning(size).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(x, size) if count else np.zeros((1, size), np.float32)
    rows = [
        np.abs(np.fft.rfft(frames[starts[at : at + CHUNK]] * window, axis=1)) ** 2 @ filters
        for at in range(0, count, CHUNK)
    ]
    return np.concatenate(rows, dtype=np.float32) if rows else np.zeros((0, len(edges) - 1), np.float32)


def pack(bits: NDArray[np.bool_]) -> str:
    """Return the bits of a fingerprint as hexadecimal digits, four for each frame.

    Args:
        bits: (frames, bands) bool; bits of bands that are left out are 0.

    >>> pack(np.array([[True, False, False, True]]))
    '9000'
    """
    padded = np.pad(bits, ((0, 0), (0, BANDS - bits.shape[1])))
    return np.packbits(padded, axis=1).tobytes().hex()


def unpack(digits: str, bands: int) -> NDArray[np.bool_]:
    """Return the bits that `pack` wrote, (frames, bands) bool.

    Args:
        digits: hexadecimal digits.
        bands: the number of bands, at most 16.

    Raises:
        ValueError: these are not the digits of whole frames.

    >>> unpack("9000", 4)
    array([[ True, False, False,  True]])
    """
    rows = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, BANDS // 8)
    return np.unpackbits(rows, axis=1).astype(bool)[:, :bands]


def best_shares(blocks: NDArray[np.bool_], whole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return for each block the share of its bits that are equal at its best place in a recording.

    Args:
        blocks: (blocks, frames, bands) the bits of blocks of a sound.
        whole: (frames, bands) the bits of a recording, of as many bands.

    Returns:
        (blocks,) float32 in [0, 1]; 0 where the recording is shorter than a block.

    >>> bits = fingerprint(np.random.default_rng(0).uniform(-1, 1, 80000), 8000).bits
    >>> best_shares(bits[None, 30:60], bits).tolist()
    [1.0]
    """
    count, frames, bands = blocks.shape
    best = np.full(count, -1, np.float32)
    if len(whole) >= frames:
        wanted = _signs(blocks).reshape(count, -1).T
        windows = np.lib.stride_tricks.sliding_window_view(_signs(whole), (frames, bands))[:, 0]
        for start in range(0, len(windows), PLACES):
            rows = windows[start : start + PLACES].reshape(-1, frames * bands)
            best = np.maximum(best, (rows @ wanted).max(axis=0) / wanted.shape[0])
    return np.asarray((1 + best) / 2, np.float32)


def least_share(frames: int, bands: int) -> float:
    """Return the share of equal bits from which on a block is the same sound.

    Chance makes half of the bits equal, and the best place in a recording has the more of them, the shorter
    the block is. The bound is 1/2 + 0.24 (1600 / bits)^(1/3).

    Args:
        frames: of the block.
        bands: of each frame.

    >>> [round(least_share(frames, 16), 2) for frames in (100, 50, 20)]
    [0.74, 0.8, 0.91]
    """
    return float(0.5 + EXCESS * (MOST_FRAMES * BANDS / (frames * bands)) ** (1 / 3))


def _signs(bits: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return 1 for each bit that is set and -1 for the others."""
    return np.where(bits, np.float32(1), np.float32(-1))
