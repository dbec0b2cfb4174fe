"""The names and the descriptions of the scores, as a page shows them. This file computes nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Name, format and description of a score.

    Args:
        key: key of the score in the dict of `evaluate`.
        name: name on the page.
        rule: which values are good.
        meaning: what the score measures.
        digits: digits after the decimal point.
        scale: factor applied before display.
        unit: unit after the number.
    """

    key: str
    name: str
    rule: str
    meaning: str
    digits: int
    scale: float = 1.0
    unit: str = ""


KINDS = (
    Kind(
        key="bits_per_sample",
        name="Bits per sample",
        rule="lower is better",
        meaning="Bits that the model needs for a held-out sample, given its past. A uniform model has 8.",
        digits=3,
    ),
    Kind(
        key="frame_bits_per_sample",
        name="Bits of the frames",
        rule="lower is better",
        meaning=(
            "The part of the bits per sample that describes the frames: loudness, colour and pitch, about 100"
            " times a second. The frame tier needs it. Since the frames follow from the sound, the sum of"
            " both parts is an upper bound on what the sound needs."
        ),
        digits=3,
    ),
    Kind(
        key="conditional_bits_per_sample",
        name="Bits of the samples, given the frames",
        rule="lower is better",
        meaning="The other part: what the sample tier needs for a sample, given its past and the frames.",
        digits=3,
    ),
    Kind(
        key="given_features_noise_db_mmd_log_mel",
        name="Noise for the same distance, sample tier alone",
        rule="higher is better",
        meaning=(
            "Clips whose frames were those of real sound, held against this sound: as far from it as other"
            " real sound with white noise this much below it."
        ),
        digits=0,
        unit="dB",
    ),
    Kind(
        key="frechet_log_mel",
        name="Fréchet distance, log-mel",
        rule="lower is better",
        meaning=(
            "Distance between the spectra of drawn and real clips; for real sound, the distance between two"
            " halves of it. It measures timbre and balance, not melody."
        ),
        digits=1,
    ),
    Kind(
        key="mmd_log_mel",
        name="MMD, log-mel",
        rule="lower is better",
        meaning=(
            "Distance between all moments of drawn and of real clips, by their spectra; about 0 for real"
            " sound. It may be slightly negative."
        ),
        digits=4,
    ),
    Kind(
        key="noise_db_mmd_log_mel",
        name="Noise for the same distance, log-mel",
        rule="higher is better",
        meaning=(
            "The clips are as far from real sound as other real sound with white noise this much below it."
            " The distance (MMD) compares the spectra of single moments. 40 stands for 40 or more."
        ),
        digits=0,
        unit="dB",
    ),
    Kind(
        key="noise_db_mmd_timbre",
        name="Noise for the same distance, timbre",
        rule="higher is better",
        meaning="The same, for half seconds without their level: colour, noise, attacks and trembling.",
        digits=0,
        unit="dB",
    ),
    Kind(
        key="median_hnr_db",
        name="Tones against noise",
        rule="best near the real sound’s",
        meaning="Median harmonic-to-noise ratio: power that repeats with a period against the rest.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="voiced_share",
        name="Voiced",
        rule="best near the real sound’s",
        meaning="Share of the sounding time with a clear pitch.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="level_drift_db",
        name="Drift of the level",
        rule="best near the real sound’s",
        meaning="Level of the last second of a clip minus that of its second one.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="seam_db",
        name="Seam",
        rule="best near the real sound’s",
        meaning="Change of the spectrum where the prompt ends, less that at other places of real sound.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="coverage",
        name="Variety",
        rule="best near the real sound’s",
        meaning="Share of the half seconds of real sound that are like some half second of the clips.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="stuck_share",
        name="Stuck",
        rule="best near the real sound’s",
        meaning="Share of the clips that stay on one tone, or hardly change, for seconds.",
        digits=0,
        scale=100,
        unit="%",
    ),
    Kind(
        key="level_dbfs",
        name="Level",
        rule="best near the real sound’s",
        meaning="Level of the clips relative to full scale.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="silence_share",
        name="Silence",
        rule="best near the real sound’s",
        meaning="Share of the time below −60 dB; high if the model falls silent.",
        digits=1,
        scale=100,
        unit="%",
    ),
    Kind(
        key="clipped_share",
        name="Clipped",
        rule="best near the real sound’s",
        meaning="Share of samples at full scale; high if the model becomes unstable.",
        digits=2,
        scale=100,
        unit="%",
    ),
    Kind(
        key="spectral_flatness",
        name="Spectral flatness",
        rule="best near the real sound’s",
        meaning="Noise against tones: 0.56 for white noise, near 0 for tones.",
        digits=3,
    ),
    Kind(
        key="frechet_timbre",
        name="Fréchet distance, timbre",
        rule="lower is better",
        meaning="The same for half seconds without their level: colour, noise, attacks and trembling.",
        digits=1,
    ),
    Kind(
        key="mmd_timbre",
        name="MMD, timbre",
        rule="lower is better",
        meaning="Distance between all half seconds of drawn and of real clips, without their level.",
        digits=4,
    ),
    Kind(
        key="hnr_from_real_db",
        name="Tones against noise, from real sound’s",
        rule="lower is better",
        meaning="How far the median harmonic-to-noise ratio is from that of real sound.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="seam_from_real_db",
        name="Seam, from real sound’s",
        rule="lower is better",
        meaning="How far the change where the prompt ends is from that of real sound.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="told_apart",
        name="Told apart",
        rule="lower is better",
        meaning=(
            "How well a weak classifier tells moments of 32 ms of the clips from real ones: 0.5 is chance, 1"
            " is without error."
        ),
        digits=3,
    ),
    Kind(
        key="level_drift_from_real_db",
        name="Drift of the level, from real sound’s",
        rule="lower is better",
        meaning="How far the mean level of each second is from that of real sound at the same time.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="spectrum_drift_from_real_db",
        name="Drift of the spectrum, from real sound’s",
        rule="lower is better",
        meaning="The same for the change of the spectrum since the first second.",
        digits=1,
        unit="dB",
    ),
    Kind(
        key="periodicity_drift_from_real",
        name="Drift of the tones, from real sound’s",
        rule="lower is better",
        meaning="The same for the share of the time with a clear pitch.",
        digits=2,
    ),
    Kind(
        key="nearest_training_db",
        name="Nearest training sound",
        rule="best near the real sound’s",
        meaning=(
            "Distance of half a second of a clip from the most similar half second that the models learnt"
            " from. Much less than that of real sound means that they play it back."
        ),
        digits=1,
        unit="dB",
    ),
    *(
        Kind(
            key=f"runaway_share_{seconds}_s",
            name=f"Broken down within {seconds} s",
            rule="lower is better",
            meaning="The same for the first seconds of these clips.",
            digits=0,
            scale=100,
            unit="%",
        )
        for seconds in (3, 10)
    ),
    Kind(
        key="runaway_share",
        name="Broken down",
        rule="lower is better",
        meaning="Share of the long clips that are silent, saturated or stuck on one sound at some time.",
        digits=0,
        scale=100,
        unit="%",
    ),
)
