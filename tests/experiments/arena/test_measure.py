from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.evaluation.metrics.divergence import Clips
from partita.experiments.arena.measure import FEW, Measuring
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import draw

Make = Callable[[int, int], WaveNet]
CLIPS, STEPS = 60, 30


@pytest.fixture(scope="module")
def measuring(four_classes: Make) -> Measuring:
    teacher, config = four_classes(0, 3), SamplingConfig(seed=5, threads=1)
    drawn = draw(teacher, clips=CLIPS, steps=8 + STEPS, config=config, zero_class=0)
    clips = Clips(drawn[:, :8], drawn[:, 8:])
    loaded = LoadedModel(
        model=teacher, sample_rate=2000, quantizer=Quantizer(classes=4), name="toy", step=0, config={}
    )
    return Measuring(teacher=loaded, truth=clips, seed=7, threads=1)


def test_a_student_that_is_the_teacher_is_nowhere_from_it(measuring: Measuring) -> None:
    (point,) = measuring.curve(measuring.teacher.model, (1.0,))
    for name in ("kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", "kl_reverse_of_draws"):
        assert point[name]["value"] == pytest.approx(0.0, abs=1e-6)


def test_all_that_is_measured_hangs_together(measuring: Measuring, four_classes: Make) -> None:
    points = measuring.curve(four_classes(1, 2), (1.0, 0.8))
    assert [point["temperature"] for point in points] == [1.0, 0.8]
    for point in points:
        assert point["kl_sum"]["value"] == pytest.approx(
            point["kl_forward"]["value"] + point["kl_reverse"]["value"]
        )
        assert 0.0 < point["jensen_shannon"]["value"] < 1.0
        for way in ("kl_forward", "kl_reverse"):  # two estimates of one number
            value, other = point[way], point[f"{way}_of_draws"]
            assert value["low"] < other["value"] < value["high"] or (
                other["low"] < value["value"] < other["high"]
            )
    assert points[0]["kl_forward"] != points[1]["kl_forward"]


def test_what_the_teacher_would_not_do_is_counted_as_running_away(
    measuring: Measuring, four_classes: Make
) -> None:
    stuck = four_classes(1, 2)
    log_p = measuring.teacher.model(torch.from_numpy(measuring.truth.past.astype(np.int64)))[
        :, -1
    ].log_softmax(-1)
    rare = int(log_p.mean(0).argmin())
    with torch.no_grad():
        stuck.end2_bias[rare] += 200.0
    (away,) = measuring.curve(stuck, (1.0,))
    (near,) = measuring.curve(measuring.teacher.model, (1.0,))
    assert away["runaway_share"]["value"] > 0.7
    assert near["runaway_share"]["value"] < 0.3  # of so few classes, noise is not that improbable


def test_clips_and_draws_are_the_same_whoever_is_measured(measuring: Measuring, four_classes: Make) -> None:
    student = four_classes(1, 2)
    assert measuring.curve(student, (0.9,)) == measuring.curve(student, (0.9,))
    assert measuring.curve(student, (0.9,))[0] == measuring.curve(student, (1.0, 0.9))[1]
    assert replace(measuring, seed=8).curve(student, (0.9,)) != measuring.curve(student, (0.9,))


def test_steering_by_the_exact_ratio_comes_nearer(measuring: Measuring, four_classes: Make) -> None:
    student = four_classes(1, 2)
    judge = RatioScorer(measuring.teacher.model, student, threads=1)
    found = []
    for particles in (1, 8):
        config = SteeringConfig(particles=particles, block=4)
        (point,) = measuring.steered_curve(student, Steering(scorer=judge, config=config), (1.0,))
        found.append(point["kl_reverse_bound"]["value"])
    (plain,) = measuring.curve(student, (1.0,))
    assert found[0] == pytest.approx(plain["kl_reverse_of_draws"]["value"], abs=1e-5)
    assert found[1] < 0.7 * found[0]
    assert plain["kl_reverse_bound"] == plain["kl_reverse"]  # so few clips that all are steered


def test_steered_arms_are_compared_on_the_same_few_clips(measuring: Measuring, four_classes: Make) -> None:
    truth = Clips(
        *(np.concatenate([part, part[::-1]]) for part in (measuring.truth.past, measuring.truth.sound))
    )
    student = four_classes(1, 2)
    more = replace(measuring, truth=truth).curve(student, (1.0,))[0]
    few = replace(measuring, truth=Clips(truth.past[:FEW], truth.sound[:FEW])).curve(student, (1.0,))[0]
    assert more["kl_reverse_bound"] == few["kl_reverse"] != more["kl_reverse"]
    assert more["told_apart"] == few["told_apart"]
