"""Whether clips are as varied as real sound, and whether they copy the sound that a model learnt from.

Sound is compared in patches: half a second of its log-mel spectrum, without its level. This file knows no
models and no corpora.

Source: Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models" (coverage).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from partita.audio.spectrogram import log_mel
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, block_mean

MEL_BANDS = 24
FRAMES, FRAME_SECONDS = 16, 0.032  # of a patch
NEIGHBOURS = 5
CHUNK = 256  # patches whose distances are computed at once
_DB = 10 / np.log(10)

Floats = NDArray[np.float32]
Clips = Sequence[NDArray[np.floating]]


def patches(waveform: NDArray[np.floating], sample_rate: int, *, step: int = FRAMES) -> Floats:
    """Return the patches of a sound, in dB, each with a mean of 0.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.
        step: frames of 32 ms from one patch to the next; a rest of the sound is left out.

    Returns:
        (patches, 16 * 24) float32; a sound shorter than half a second has none.

    >>> patches(np.random.default_rng(0).normal(0, 0.1, 16000), 16000).shape
    (1, 384)
    """
    hop = max(1, round(FRAME_SECONDS * sample_rate))
    bands = _DB * log_mel(waveform, sample_rate, n_mels=MEL_BANDS, n_fft=2 * hop, hop_length=hop)
    if len(bands) < FRAMES:
        return np.zeros((0, FRAMES * MEL_BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(bands, FRAMES, axis=0)[::step]
    flat = windows.transpose(0, 2, 1).reshape(len(windows), -1)
    return np.asarray(flat - flat.mean(1, keepdims=True), np.float32)


def nearest(clips: Clips, reference: Clips, sample_rate: int, *, seed: int = 0) -> Score:
    """Return how far the patches of clips are from the nearest patch of reference sound, in dB.

    Compare it with the same number for held-out real sound: if the reference is what a model has learnt from,
    a much smaller distance means that the model plays it back.

    Args:
        clips: each (samples,) float in [-1, 1], at least half a second.
        reference: each (samples,).
        sample_rate: Hz.
        seed: of the bootstrap over clips.

    Returns:
        The mean over patches of the root mean square difference, with a 95% interval.

    Raises:
        PartitaError: there is no patch in the clips or in the reference.

    >>> sound = np.random.default_rng(0).normal(0, 0.1, 32000)
    >>> nearest([sound], [sound], 16000).value < 0.01
    True
    """
    known = np.concatenate([patches(sound, sample_rate, step=1) for sound in reference])
    rows = [patches(clip, sample_rate) for clip in clips]
    if not len(known) or not any(map(len, rows)):
        raise PartitaError("the clips or the reference are shorter than half a second: give longer ones")
    rows = [found for found in rows if len(found)]
    least = [_distances(found, known).min(1) for found in rows]
    return block_mean(np.array([d.sum() for d in least]), np.array([len(d) for d in least]), seed=seed)


def coverage(clips: Clips, real: Clips, sample_rate: int, *, seed: int = 0) -> Score:
    """Return the share of real patches that have a patch of the clips among their nearest neighbours.

    A real patch is covered if some patch of the clips is nearer to it than its fifth nearest patch of other
    real clips. Both sides should have about as much sound. Real clips of the same kind cover most of each
    other; clips that are all alike cover few.

    Args:
        clips: each (samples,) float in [-1, 1].
        real: each (samples,), at least two clips with several seconds of sound.
        sample_rate: Hz.
        seed: of the bootstrap over real clips.

    Raises:
        PartitaError: there are fewer than two real clips, or too few patches.

    >>> rng = np.random.default_rng(0)
    >>> real = [rng.normal(0, 0.1, 40000) for _ in range(4)]
    >>> coverage([np.sin(np.arange(40000.0))] * 4, real, 16000).value
    0.0
    """
    own, rows = (
        np.concatenate([patches(clip, sample_rate) for clip in clips]),
        [patches(clip, sample_rate) for clip in real],
    )
    owner = np.repeat(np.arange(len(rows)), list(map(len, rows)))
    flat = np.concatenate(rows)
    if len(rows) < 2 or not len(own) or any((owner != row).sum() < NEIGHBOURS for row in set(owner.tolist())):
        raise PartitaError("there is too little sound to compare: give several clips of some seconds")
    among = _distances(flat, flat)
    among[owner[:, None] == owner] = np.inf
    radius = np.partition(among, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
    covered = _distances(flat, own).min(1) <= radius
    counts = np.array([(owner == row).sum() for row in range(len(rows))])
    sums = np.array([covered[owner == row].sum() for row in range(len(rows))], np.float64)
    return block_mean(sums[counts > 0], counts[counts > 0], seed=seed)


def _distances(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Return the root mean square differences between patches, (a, b)."""
    wide, other = a.astype(np.float64), b.astype(np.float64)  # once, not for each part
    parts = [cdist(wide[start : start + CHUNK], other) for start in range(0, len(a), CHUNK)]
    return np.asarray(np.concatenate(parts) / np.sqrt(a.shape[1]), np.float64)
