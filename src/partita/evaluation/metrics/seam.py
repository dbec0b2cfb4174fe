"""How abruptly sound changes where a prompt ends and a drawn continuation begins.

Music changes all the time, so the change at the end of the prompt is compared with the changes at other
places of real sound. A continuation that ignores its prompt has a greater change there. This file draws no
clips.
"""

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, block_mean

WINDOW_SECONDS = 0.05  # of sound before and after a place
MEL_BANDS = 40
STEP = 2  # windows from one place of real sound to the next
_DB = 10 / np.log(10)

Floats = NDArray[np.float64]
Waveforms = NDArray[np.floating]


def changes(waveform: Waveforms, places: NDArray[np.integer], sample_rate: int) -> Floats:
    """Return how much the spectrum changes at places of a sound, in dB.

    The change is the root mean square over mel bands of the difference between the 50 ms after a place and
    the 50 ms before it.

    Args:
        waveform: (samples,) float in [-1, 1].
        places: (n,) samples; at least 50 ms of sound lie on both sides.
        sample_rate: Hz.

    >>> step = np.repeat([0.01, 0.1], 800) * np.random.default_rng(0).standard_normal(1600)
    >>> changes(step, np.array([400, 800]), 8000).round().tolist()
    [4.0, 21.0]
    """
    length = max(1, round(WINDOW_SECONDS * sample_rate))
    spectra = [
        [
            log_mel(waveform[start : start + length], sample_rate, n_mels=MEL_BANDS, n_fft=length)[0]
            for start in (place - length, place)
        ]
        for place in places.tolist()
    ]
    before, after = np.asarray(spectra, np.float64).transpose(1, 0, 2)
    return np.asarray(_DB * np.sqrt(((after - before) ** 2).mean(1)))


def seam(
    prompts: Waveforms, continuations: Waveforms, real: Waveforms, sample_rate: int, *, seed: int = 0
) -> Score:
    """Return how much more the spectrum changes at the end of prompts than elsewhere in real sound, in dB.

    Args:
        prompts: (clips, samples) real sound, at least 50 ms.
        continuations: (clips, samples) of each prompt, at least 50 ms.
        real: (clips, samples) what really follows each prompt.
        sample_rate: Hz.
        seed: of the bootstrap over clips.

    Returns:
        The mean over clips, with a 95% interval; about 0 for the real continuations.

    Raises:
        PartitaError: a prompt or a continuation is shorter than 50 ms.

    >>> rng = np.random.default_rng(0)
    >>> sound = [0.1 * rng.standard_normal((8, 2000)) for _ in range(3)]
    >>> abs(seam(*sound, 8000).value) < 2, round(seam(sound[0], 0.01 * sound[1], sound[2], 8000).value) > 10
    (True, True)
    """
    length = max(1, round(WINDOW_SECONDS * sample_rate))
    if min(part.shape[1] for part in (prompts, continuations, real)) < length:
        raise PartitaError(f"a prompt or a continuation is shorter than {WINDOW_SECONDS} s: give longer ones")
    end = prompts.shape[1]
    places = np.arange(length, end + real.shape[1] - length + 1, STEP * length)
    differences = []
    for prompt, drawn, following in zip(prompts, continuations, real, strict=True):
        there = changes(np.concatenate([prompt, drawn]), np.array([end]), sample_rate)[0]
        usual = changes(np.concatenate([prompt, following]), places, sample_rate).mean()
        differences.append(there - usual)
    return block_mean(np.array(differences), np.ones(len(differences)), seed=seed)
