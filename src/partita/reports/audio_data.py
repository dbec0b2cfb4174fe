"""Sound as a `data:` URL, for pages that need no other files."""

import base64
import io
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray


def flac_data_url(waveform: NDArray[np.floating[Any]], sample_rate: int) -> str:
    """Encode a clip as a `data:` URL with a 16-bit FLAC file.

    FLAC is lossless, and all current browsers play it.

    Args:
        waveform: (samples,), float; values outside [-1, 1] are clipped.
        sample_rate: Hz.

    >>> flac_data_url(np.zeros(160), 16000).partition(",")[0]
    'data:audio/flac;base64'
    """
    samples = np.round(np.clip(waveform, -1, 1) * 32767).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + base64.b64encode(file.getvalue()).decode("ascii")
