"""What the records alone show: each spoiled run has its cause first, and a sound one has nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metrics_runs import learning, run_with

from partita.doctor import first_line
from partita.doctor.finding import most_severe_first
from partita.doctor.run.examine import quick_findings, recorded_findings
from partita.doctor.run.recorded import RecordedRun
from partita.training.monitoring.preview_clips import write_clips

FALLING = list(np.geomspace(6.0, 4.2, 25))
FLAT = [*np.geomspace(6.0, 4.2, 15), *[4.2] * 10]


def codes(path: Path) -> list[str]:
    return [one.code for one in most_severe_first(quick_findings(RecordedRun.open(path)))]


def judged(real: float, fake: float, active: float = 1.0) -> list[dict[str, Any]]:
    return learning(FLAT, discriminator_real=real, discriminator_fake=fake, judge_heard=active)


def test_a_sound_run_has_no_finding(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FLAT))
    assert codes(run) == []
    assert first_line(run) == f"{run}: nothing is wrong."


def test_a_young_run_is_told_how_long_it_takes(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FALLING, step=300), step=300)
    (finding,) = recorded_findings(RecordedRun.open(run))
    assert (finding.code, finding.severity) == ("too-young", "error")
    assert finding.evidence["samples"] == 300 * 16384
    # 300 updates took 300 s, so the 35 million samples to 40 million take 2,141 s
    assert finding.evidence["minutes_left"] == pytest.approx((40e6 / 16384 - 300) / 60, abs=0.1)
    assert f"--from {run}" in finding.remedy


def test_an_unfinished_young_run_is_resumed(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FALLING, step=300), step=300, finished=False)
    (finding,) = recorded_findings(RecordedRun.open(run))
    assert f"partita train --resume {run}" in finding.remedy


def test_a_network_without_features_is_told_of_them(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FLAT), features=False)
    assert codes(run) == ["no-features"]


def test_a_rate_that_is_too_high_comes_before_the_age(tmp_path: Path) -> None:
    stuck = [7.8] * 25
    run = run_with(tmp_path / "run", learning(stuck, step=300), step=300, learning_rate=1.0)
    assert codes(run)[0] == "learning-rate-high"
    assert "--learning-rate 0.004" in first_line(run)


def test_a_rate_that_makes_the_loss_explode_is_found(tmp_path: Path) -> None:
    exploding = [*np.linspace(6, 5, 20), 9.0, 20.0, 40.0, 50.0, 60.0]
    run = run_with(tmp_path / "run", learning(exploding, exploding), learning_rate=0.1)
    assert codes(run)[0] == "learning-rate-high"


def test_a_usual_rate_is_not_blamed(tmp_path: Path) -> None:
    assert codes(run_with(tmp_path / "run", learning([7.9] * 25))) == ["not-learning"]


def test_overfitting_comes_before_the_age(tmp_path: Path) -> None:
    held_out = [*np.geomspace(6.0, 4.6, 12), *np.linspace(4.6, 5.0, 13)]
    run = run_with(tmp_path / "run", learning(held_out, list(np.geomspace(6, 3, 25)), step=900), step=900)
    (finding,) = recorded_findings(RecordedRun.open(run))
    assert (finding.code, finding.severity) == ("overfitted", "warning")
    assert finding.evidence["last_bits"] == 5.0


def test_noise_of_the_score_is_no_overfitting(tmp_path: Path) -> None:
    wavy = [*FLAT[:-1], 4.22]
    assert "overfitted" not in codes(run_with(tmp_path / "run", learning(wavy, FALLING)))


def test_a_slow_run_is_compared_with_others(tmp_path: Path) -> None:
    assert codes(run_with(tmp_path / "run", learning([6.0] * 25))) == ["slow-pace"]


def test_a_run_that_still_falls_can_go_on(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FALLING))
    assert codes(run) == ["still-learning"]
    assert first_line(run).startswith(f"{run}: nothing is wrong")


@pytest.mark.parametrize(
    ("real", "fake", "active", "code"),
    [
        (1.0, 0.0, 1.0, "discriminator-too-strong"),
        (0.5, 0.5, 1.0, "discriminator-blind"),
        (0.8, 0.2, 0.0, "judge-inactive"),
    ],
)
def test_the_health_of_a_judge(tmp_path: Path, real: float, fake: float, active: float, code: str) -> None:
    assert codes(run_with(tmp_path / "run", judged(real, fake, active), arm="report")) == [code]


def test_a_healthy_judge_and_a_twin_have_no_finding(tmp_path: Path) -> None:
    assert codes(run_with(tmp_path / "healthy", judged(0.8, 0.2), arm="report")) == []
    assert codes(run_with(tmp_path / "twin", judged(1.0, 0.0), arm="report-0")) == []


def test_problems_of_training_clips_are_repeated(tmp_path: Path) -> None:
    words = "the clips fall silent: a level of 0.0001; lower the weight"
    records = [*judged(0.8, 0.2), {"kind": "trouble", "step": 2900, "words": words}]
    run = run_with(tmp_path / "run", records, arm="policy")
    finding = next(one for one in recorded_findings(RecordedRun.open(run)) if one.code == "training-clips")
    assert finding.remedy == "lower the weight"


def test_previews_that_are_all_broken_are_found(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", learning(FLAT))
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 16000)).astype(np.float32)
    write_clips(run / "clips", noise, step=100, sample_rate=16000)
    assert codes(run) == []
    write_clips(run / "clips", np.sign(noise), step=200, sample_rate=16000)
    assert codes(run) == ["runaway"]
