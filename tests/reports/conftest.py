"""Fixtures: made-up results for a report."""

from typing import Any

import numpy as np
import pytest

from partita.audio.quantizer import Quantizer
from partita.evaluation.clip_scores import clip_scores
from partita.evaluation.clips import RealClips
from partita.reports.next_steps import Step
from partita.reports.report import ArmReport, ReportData

RATE = 4000


def record(kind: str, step: int, bits: float, **more: float) -> dict[str, Any]:
    return {"kind": kind, "step": step, "bits": bits, **more}


@pytest.fixture(scope="session")
def metrics() -> list[dict[str, Any]]:
    """Records of a run of 100 steps in 50 seconds with two validations."""
    train = [
        record(
            "train",
            step,
            8 - step / 50,
            seconds=step / 2,
            discriminator_loss=1.4 - step / 500,
            adversarial_loss=0.7,
        )
        for step in range(10, 101, 10)
    ]
    return train + [record("validation", step, 7.0, bits_average=6.5 - step / 100) for step in (50, 100)]


@pytest.fixture(scope="session")
def real() -> RealClips:
    """Five tones with prompts of 0.25 s and continuations of 0.75 s."""
    time = np.arange(RATE) / RATE
    tones = np.stack([0.5 * np.sin(2 * np.pi * (200 + 50 * row) * time) for row in range(5)])
    classes = Quantizer().encode(tones)
    return RealClips(
        prompts=classes[:, :1000], continuations=classes[:, 1000:], quantizer=Quantizer(), sample_rate=RATE
    )


@pytest.fixture(scope="session")
def data(real: RealClips, metrics: list[dict[str, Any]]) -> ReportData:
    """A report of two arms whose names and recordings contain HTML."""
    arms = []
    for number, name in enumerate(("likelihood", "<b>report</b>")):
        noise = np.random.default_rng(number).normal(0, 0.05, real.waveforms.shape)
        clips = np.clip(real.waveforms + noise, -1, 1).astype(np.float32)
        scores = clip_scores(clips, real, seed=0)
        scores["bits_per_sample"] = {"value": 4.5 + number, "low": 4.0 + number, "high": 5.0 + number}
        arms.append(
            ArmReport(
                name=name,
                summary='a "quoted" & odd summary',
                scores=scores,
                clips=clips,
                metrics=metrics,
                facts=[("updates", "100")],
            )
        )
    return ReportData(
        title="Tones & <noises>",
        sentences=("It is this.", "It sounds so.", "Do that next."),
        lead="A lead.",
        steps=[Step("Draw <more>", "partita generate 'a run' --seconds 20 --out more.wav")],
        real=real,
        arms=arms,
        facts=[("seed", "0")],
        recordings=[("<script>alert(1)</script>.wav", "test", "0:05")],
        commands=["partita demo --out 'a b'", "echo </code><script>"],
        shown=3,
    )
