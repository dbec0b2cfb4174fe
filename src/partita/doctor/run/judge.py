"""The health of a judge: its accuracy, its share of the updates, and the problems of training clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from partita.doctor.finding import Finding
from partita.doctor.run.recorded import RecordedRun
from partita.training.monitoring.diagnostics import HIGH_ACCURACY, LOW_ACCURACY, accuracy

LEAST_STEPS = 100
"""Steps of the last half of a run that the mean accuracy must cover: discriminators need that many to
settle."""
LEAST_ACTIVE = 0.1  # share of the updates in which the judge has an effect


def check_judge(run: RecordedRun) -> list[Finding]:
    """Examine the judge of an adversarial run; a twin, whose weight is 0, has none to examine.

    Args:
        run: the run.
    """
    rows = [one for one in run.of_kind("train") if "judge_heard" in one or "discriminator_real" in one]
    if not rows or str(run.training["arm"]).endswith("-0"):
        return []
    late = [one for one in rows if one["step"] > rows[-1]["step"] / 2]
    return [*_active(run, late), *_accuracy(run, late), *_trouble(run)]


def _active(run: RecordedRun, rows: list[Mapping[str, Any]]) -> list[Finding]:
    shares = [float(one["judge_heard"]) for one in rows if "judge_heard" in one]
    if not shares or np.mean(shares) >= LEAST_ACTIVE:
        return []
    return [
        Finding(
            code="judge-inactive",
            severity="warning",
            says=f"the judge had an effect in {np.mean(shares):.0%} of the updates of the last half",
            remedy=(
                f"start it from a trained run, or let it in earlier, `partita train {run.corpus_path} --arm"
                f" {run.training['arm']} --adversary.warmup 0 --adversary.min-accuracy 0 --out NEXT`"
            ),
            evidence={"active_share": round(float(np.mean(shares)), 4)},
        )
    ]


def _accuracy(run: RecordedRun, rows: list[Mapping[str, Any]]) -> list[Finding]:
    known = [one for one in rows if {"discriminator_real", "discriminator_fake"} <= one.keys()]
    if (
        run.training.get("adversary") is None
        or not known
        or known[-1]["step"] - known[0]["step"] < LEAST_STEPS
    ):
        return []
    share = float(np.mean([accuracy(one) for one in known]))
    new_run = f"`partita train {run.corpus_path} --arm {run.training['arm']} --out NEXT"
    evidence = {"accuracy": round(share, 4), "from_step": known[0]["step"], "to_step": known[-1]["step"]}
    if share >= HIGH_ACCURACY:
        return [
            Finding(
                code="discriminator-too-strong",
                severity="warning",
                says=(
                    f"the discriminator is right about {share:.1%} of the patches: the generator learns"
                    " little from it"
                ),
                remedy=f"hold it back, {new_run} --adversary.r1 1 --adversary.max-accuracy 0.9`",
                evidence=evidence,
            )
        ]
    if share <= LOW_ACCURACY:
        return [
            Finding(
                code="discriminator-blind",
                severity="warning",
                says=(
                    f"the discriminator is right about {share:.0%} of the patches, and guessing about 50%:"
                    " the generator learns nothing from it"
                ),
                remedy=(
                    f"give it another view, {new_run} --adversary.discriminators spectral"
                    " --adversary.warmup 300`"
                ),
                evidence=evidence,
            )
        ]
    return []


def _trouble(run: RecordedRun) -> list[Finding]:
    """Return the last problem of the clips that were drawn for training, if it is of the last third."""
    troubles = [one for one in run.of_kind("trouble") if one["step"] > 2 * run.step / 3]
    if not troubles:
        return []
    what, _, remedy = str(troubles[-1]["words"]).partition("; ")
    return [
        Finding(
            code="training-clips",
            severity="warning",
            says=what,
            remedy=remedy or "lower the weight of the judge",
            evidence={"step": troubles[-1]["step"]},
        )
    ]
