"""Does the run learn, at the usual pace, and does it overfit?"""

import math

import numpy as np

from partita.doctor.finding import Finding
from partita.doctor.run.recorded import RecordedRun
from partita.models.choice import WAVENET
from partita.training.config.train import TrainConfig

LEAST_SAMPLES = 0.5e6
"""Predicted samples after which a run must have learnt something. `tiny` on the violin has 6.2 bits then."""
UNLEARNT = 0.92
"""Share of the bits of equally likely classes, above which nothing was learnt: 7.4 of 8. A run with a
learning rate of 1 in place of 0.004 has 7.8 after 2.5 million samples, one with 0.004 has 5.4."""
USUAL_RATES = {"muon": 4e-3, "adamw": 2e-3, "adam": 1e-3}
TOO_HIGH, TOO_LOW = 5.0, 0.02  # times the usual learning rate
RISE = 0.05
"""Rise of the validation bits above their least value that counts. Runs that differ in their seed differ by
0.02."""
UNSTABLE = (
    0.3  # rise of the training bits above their least value, in means of a tenth of the run, that counts
)
FALL = 0.02  # fall of the validation bits in the last quarter of a run that still learns
PACE = ((1.6e6, 5.15), (3.1e6, 4.86), (6.3e6, 4.42), (9.4e6, 4.31), (14.2e6, 4.24), (170e6, 4.0))
"""Predicted samples, and the validation bits that `small` had after them on eleven minutes of violin at 16
kHz."""
BEHIND = 1.5
"""Bits above that curve that count: other recordings differ from the violin's by up to one."""


def check_learning(run: RecordedRun) -> list[Finding]:
    """Compare the curves of a run with those of runs that learn.

    Args:
        run: the run; a GAN and a student have no bits, and nothing is found.
    """
    for check in (_nothing_learnt, _unstable, _overfitted, _behind, _still_learning):
        if found := check(run):
            return found
    return []


def bits_at_chance(run: RecordedRun) -> float:
    """Return the bits per sample of equally likely classes.

    Args:
        run: the run.
    """
    return math.log2(int(run.config["quantizer"]["classes"]))


def _nothing_learnt(run: RecordedRun) -> list[Finding]:
    curve = run.validation_curve if len(run.validation_curve) else run.training_curve
    if not len(curve) or run.samples < LEAST_SAMPLES:
        return []
    best, chance = float(curve[:, 1].min()), bits_at_chance(run)
    if best < UNLEARNT * chance:
        return []
    says = f"it learns nothing: {best:.2f} bits per sample at best, where guessing has {chance:.2f}"
    return [_rate_finding(run, says, {"best_bits": round(best, 3), "chance_bits": round(chance, 3)})]


def _unstable(run: RecordedRun) -> list[Finding]:
    """Find a run whose training bits rise again, or that a high rate keeps from its start's score."""
    bits = run.training_curve[:, 1]
    if len(bits) < 10:
        return []
    means = [float(part.mean()) for part in np.array_split(bits, 10)]
    rise = means[-1] - min(means)
    if rise < UNSTABLE:
        return []
    says = f"its training bits rise again, from {min(means):.2f} to {means[-1]:.2f} bits per sample"
    return [_rate_finding(run, says, {"least_bits": round(min(means), 3), "last_bits": round(means[-1], 3)})]


def _rate_finding(run: RecordedRun, says: str, evidence: dict[str, float]) -> Finding:
    """Return a finding on a run that does not learn: its learning rate is the first suspect."""
    optimizer, rate = str(run.training["optimizer"]), float(run.training["learning_rate"])
    usual = USUAL_RATES.get(optimizer, TrainConfig(steps=1).learning_rate)
    code, remedy = "not-learning", f"examine its corpus, `partita doctor {run.corpus_path}`"
    if rate > TOO_HIGH * usual or rate < TOO_LOW * usual:
        code = "learning-rate-high" if rate > usual else "learning-rate-low"
        says += f"; its learning rate is {rate:g}, {_times(rate / usual)} times the usual one"
        remedy = f"train a new run, `partita train {run.corpus_path} --learning-rate {usual:g} --out NEXT`"
    elif code == "not-learning" and "rise" in says:
        code = "unstable"
        half = f"--learning-rate {rate / 2:g}"
        remedy = f"train a new run with half the rate, `partita train {run.corpus_path} {half} --out NEXT`"
    return Finding(
        code=code,
        severity="error",
        says=says,
        remedy=remedy,
        evidence=evidence | {"learning_rate": rate, "usual_learning_rate": usual},
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _overfitted(run: RecordedRun) -> list[Finding]:
    held_out, seen = run.validation_curve, run.training_curve
    if len(held_out) < 4 or len(seen) < 4:
        return []
    best = int(held_out[:, 1].argmin())
    step, least, last = held_out[best, 0], held_out[best, 1], held_out[-1, 1]
    before, after = seen[seen[:, 0] <= step, 1][-5:], seen[-5:, 1]
    if last - least < RISE or not len(before) or after.mean() >= before.mean():
        return []
    keeps_best = int(run.training.get("patience", 0)) > 0
    return [
        Finding(
            code="overfitted",
            severity="warning",
            says=(
                f"it overfits since update {int(step):,}: held-out bits rose from {least:.2f} to"
                f" {last:.2f}, while those of the training sound fell to {after.mean():.2f}"
                + ("; the best checkpoint is used" if keeps_best else "")
            ),
            remedy=(
                "add recordings, or vary the training windows, `partita train"
                f" {run.corpus_path} --augment on --out NEXT`"
            ),
            evidence={
                "best_step": int(step),
                "best_bits": round(float(least), 4),
                "last_bits": round(float(last), 4),
                "training_bits": round(float(after.mean()), 4),
            },
        )
    ]


def _behind(run: RecordedRun) -> list[Finding]:
    """Find a run that learns, but far more slowly than runs on the violin."""
    curve = run.validation_curve
    comparable = run.kind == WAVENET and run.config["quantizer"] == {"kind": "mu-law", "classes": 256}
    if not len(curve) or not comparable or run.samples < PACE[0][0]:
        return []
    samples, best = run.samples, float(curve[:, 1].min())
    usual = pace_bits(samples)
    if best < usual + BEHIND:
        return []
    return [
        Finding(
            code="slow-pace",
            severity="warning",
            says=(
                f"it learns slowly: {best:.2f} bits per sample, where runs on a violin have {usual:.2f} by"
                " now"
            ),
            remedy=f"examine its corpus, `partita doctor {run.corpus_path}`",
            evidence={"bits": round(best, 3), "usual_bits": round(usual, 3), "samples": samples},
        )
    ]


def pace_bits(samples: float) -> float:
    """Return the validation bits that a run on the violin has after some predicted samples.

    Args:
        samples: predicted samples.

    >>> [round(pace_bits(samples), 2) for samples in (1e6, 3.1e6, 1e9)]
    [5.15, 4.86, 4.0]
    """
    steps, bits = np.array(PACE).T
    return float(np.interp(math.log(max(1.0, samples)), np.log(steps), bits))


def _still_learning(run: RecordedRun) -> list[Finding]:
    curve = run.validation_curve
    if len(curve) < 8:
        return []
    fall = float(curve[-len(curve) // 4 - 1, 1] - curve[-1, 1])
    if fall < FALL:
        return []
    return [
        Finding(
            code="still-learning",
            severity="note",
            says=f"its held-out bits still fall, by {fall:.2f} in the last quarter",
            remedy=f"train it longer, {run.go_on(2 * run.seconds / 60)}",
            evidence={"fall": round(fall, 4), "bits": round(float(curve[-1, 1]), 4)},
        )
    ]
