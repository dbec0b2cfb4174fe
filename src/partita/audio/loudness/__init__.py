"""Loudness and true peak of a mono sound, as ITU-R BS.1770-4 defines them.

- `integrated.py`: gated loudness of a sound, in LUFS, and the level of a sound that is too short for it.
- `true_peak.py`: the peak between the samples.

This package does not change a sound.
"""

from partita.audio.loudness.integrated import GATING_SECONDS, integrated_loudness, rms_dbfs
from partita.audio.loudness.true_peak import true_peak

__all__ = ["GATING_SECONDS", "integrated_loudness", "rms_dbfs", "true_peak"]
