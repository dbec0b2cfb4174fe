"""Has the run learnt from enough samples for tones?"""

from partita.doctor.finding import Finding
from partita.doctor.run.recorded import RecordedRun
from partita.doctor.tones import TONES, TONES_WITHOUT_FEATURES
from partita.models.choice import WAVENET

MILLION = 1e6


def check_age(run: RecordedRun) -> list[Finding]:
    """Compare the samples that a WaveNet has learnt from, also before its start, with what tones need.

    Args:
        run: the run.
    """
    if run.kind != WAVENET:
        return []
    samples = run.samples + run.inherited_samples
    first, half = TONES
    if not run.has_features:
        return _without_features(run, samples)
    if samples >= half:
        return []
    young = samples < first
    return [
        Finding(
            code="too-young",
            severity="error" if young else "note",
            says=(
                f"it has learnt for {run.step:,} updates ({samples / MILLION:.1f} million samples), and"
                f" tones appear after {first / MILLION:.0f} to {half / MILLION:.0f} million: expect "
                + ("noise" if young else "tones in haze")
            ),
            remedy=f"train it longer, {run.go_on(_minutes_left(run, samples))}",
            evidence=_evidence(run, samples),
        )
    ]


def _without_features(run: RecordedRun, samples: int) -> list[Finding]:
    """Return the finding on a network without features."""
    return [
        Finding(
            code="too-young" if samples < TONES[0] else "no-features",
            severity="error" if samples < TONES[0] else "warning",
            says=(
                f"it is trained without features and has learnt from {samples / MILLION:.1f} million"
                f" samples; such a network still made haze after {TONES_WITHOUT_FEATURES / MILLION:.0f}"
                " million"
            ),
            remedy=f"train a model with features, `partita train {run.corpus_path} --out NEXT`",
            evidence=_evidence(run, samples),
        )
    ]


def _evidence(run: RecordedRun, samples: int) -> dict[str, object]:
    return {
        "updates": run.step,
        "samples": samples,
        "inherited_samples": run.inherited_samples,
        "samples_to_tones": [int(number) for number in TONES],
        "minutes_left": _minutes_left(run, samples),
    }


def _minutes_left(run: RecordedRun, samples: int) -> float | None:
    """Return the minutes until tones in half of the frames, at the rate of the run; at least 1."""
    if run.seconds <= 0 or not run.step or (TONES[1] - samples) <= 0:
        return None
    rate = run.samples / run.seconds  # with validations and previews, unlike `samples_per_second`
    return round(max(1.0, (TONES[1] - samples) / rate / 60), 1)
