"""Is there a noise floor that is louder than the noise of the quantizer?"""

import numpy as np

from partita.audio.quantizer import Quantizer
from partita.doctor.corpus.excerpts import CorpusSound
from partita.doctor.corpus.spectrum import noise_floor
from partita.doctor.corpus.wording import names_of
from partita.doctor.finding import Finding

NOISY_DB, FAINT_DB = 22.0, 30.0
"""Distance of the noise from the sound that gives a warning and a note. A network that names instruments gave
real violin 0.75, with white noise 30 dB below it 0.73, 20 dB 0.57, 15 dB 0.41, 10 dB 0.16. With noise added
at 20 and 10 dB below recordings of a violin, the floor is found at 20.3 to 22.7 and 12.5 to 14.3 dB."""
LEAST_STEADY = 0.04  # share of the bands; with noise 20 dB below 0.07 to 0.33, without 0
FEW = 0.005  # a smaller share of the sound is not worth a line
MANY = 0.3  # share of the sound in noisy recordings that gives a warning


def quantizer_below_db(sound: CorpusSound) -> float:
    """Return how far the noise of the usual quantizer is below the sound, dB.

    Args:
        sound: excerpts of the corpus.
    """
    quantizer, signal, error = Quantizer(), 0.0, 0.0
    for one in sound.excerpts[:: max(1, len(sound.excerpts) // 60)]:
        x = one.waveform
        signal += float((x**2).sum(dtype=np.float64))
        error += float(((quantizer.decode(quantizer.encode(x)) - x) ** 2).sum(dtype=np.float64))
    return float(10 * np.log10(max(signal, 1e-20) / max(error, 1e-20)))


def check_noise(sound: CorpusSound, quantizer_db: float) -> list[Finding]:
    """Find recordings with steady noise.

    Args:
        sound: excerpts of the corpus.
        quantizer_db: how far the noise of the quantizer is below the sound.
    """
    floors = {name: noise_floor(one) for name, one in sound.by_recording.items()}
    below = {
        name: floor.below_db
        for name, floor in floors.items()
        if floor is not None and floor.below_db is not None and floor.steady_share >= LEAST_STEADY
    }
    noisy = {name: value for name, value in below.items() if value < FAINT_DB}
    if not noisy:
        return []
    loud = [name for name, value in noisy.items() if value < NOISY_DB]
    severe = sound.share_of(loud) >= MANY
    if sound.share_of(list(noisy)) < FEW:
        return []
    names, worst = (loud if severe else list(noisy)), min(noisy.values())
    return [
        Finding(
            code="noise-floor",
            severity="warning" if severe else "note",
            says=(
                f"{sound.share_of(names):.0%} of the sound has steady noise, up to {worst:.0f} dB below it"
                f" ({names_of(names)}), so clips hiss; the quantizer's own noise is"
                f" {quantizer_db:.0f} dB below"
            ),
            remedy=(
                "record nearer to the instrument or in a quieter place, or reduce the noise with an"
                " editor, then prepare the corpus again"
            ),
            evidence={
                "noise_below_db": round(worst, 1),
                "quantizer_below_db": round(quantizer_db, 1),
                "share_of_sound": round(sound.share_of(names), 3),
            },
        )
    ]
