"""The evaluation of students, with small models whose divergences are known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.evaluation.metrics.divergence import Clips
from partita.experiments.arena.measure import STEERED_CLIPS, StudentEvaluator
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import draw

Make = Callable[[int, int], WaveNet]
CLIPS, STEPS = 60, 30


@pytest.fixture(scope="module")
def evaluator(four_classes: Make) -> StudentEvaluator:
    teacher, config = four_classes(0, 3), SamplingConfig(seed=5, threads=1)
    drawn = draw(teacher, clips=CLIPS, steps=8 + STEPS, config=config, zero_class=0)
    clips = Clips(drawn[:, :8], drawn[:, 8:])
    loaded = LoadedModel(
        model=teacher, sample_rate=2000, quantizer=Quantizer(classes=4), name="toy", step=0, config={}
    )
    return StudentEvaluator(teacher=loaded, clips=clips, seed=7, threads=1)


def test_the_teacher_has_no_divergence_from_itself(evaluator: StudentEvaluator) -> None:
    (point,) = evaluator.curve(evaluator.teacher.wavenet, (1.0,))
    for name in ("kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", "kl_reverse_of_draws"):
        assert point[name]["value"] == pytest.approx(0.0, abs=1e-6)


def test_the_scores_are_consistent(evaluator: StudentEvaluator, four_classes: Make) -> None:
    points = evaluator.curve(four_classes(1, 2), (1.0, 0.8))
    assert [point["temperature"] for point in points] == [1.0, 0.8]
    for point in points:
        assert point["kl_sum"]["value"] == pytest.approx(
            point["kl_forward"]["value"] + point["kl_reverse"]["value"]
        )
        assert 0.0 < point["jensen_shannon"]["value"] < 1.0
        for direction in ("kl_forward", "kl_reverse"):  # two estimates of the same value
            value, other = point[direction], point[f"{direction}_of_draws"]
            assert value["low"] < other["value"] < value["high"] or (
                other["low"] < value["value"] < other["high"]
            )
    assert points[0]["kl_forward"] != points[1]["kl_forward"]


def test_clips_that_are_improbable_for_the_teacher_are_runaway_clips(
    evaluator: StudentEvaluator, four_classes: Make
) -> None:
    stuck = four_classes(1, 2)
    log_p = evaluator.teacher.model(torch.from_numpy(evaluator.clips.past.astype(np.int64)))[
        :, -1
    ].log_softmax(-1)
    rare = int(log_p.mean(0).argmin())
    with torch.no_grad():
        stuck.end2_bias[rare] += 200.0
    (away,) = evaluator.curve(stuck, (1.0,))
    (near,) = evaluator.curve(evaluator.teacher.wavenet, (1.0,))
    assert away["runaway_share"]["value"] > 0.7
    assert near["runaway_share"]["value"] < 0.3  # with few classes some clips are less probable than noise


def test_prompts_and_random_numbers_are_shared(evaluator: StudentEvaluator, four_classes: Make) -> None:
    student = four_classes(1, 2)
    assert evaluator.curve(student, (0.9,)) == evaluator.curve(student, (0.9,))
    assert evaluator.curve(student, (0.9,))[0] == evaluator.curve(student, (1.0, 0.9))[1]
    assert replace(evaluator, seed=8).curve(student, (0.9,)) != evaluator.curve(student, (0.9,))


def test_steering_by_the_exact_ratio_reduces_the_divergence(
    evaluator: StudentEvaluator, four_classes: Make
) -> None:
    student = four_classes(1, 2)
    judge = RatioScorer(evaluator.teacher.wavenet, student, threads=1)
    found = []
    for particles in (1, 8):
        config = SteeringConfig(particles=particles, block=4)
        (point,) = evaluator.steered_curve(student, Steering(scorer=judge, config=config), (1.0,))
        found.append(point["kl_reverse_bound"]["value"])
    (plain,) = evaluator.curve(student, (1.0,))
    assert found[0] == pytest.approx(plain["kl_reverse_of_draws"]["value"], abs=1e-5)
    assert found[1] < 0.7 * found[0]
    assert plain["kl_reverse_bound"] == plain["kl_reverse"]  # the same clips, since all are used for steering


def test_the_bound_and_the_classifier_use_the_same_clips_for_all_arms(
    evaluator: StudentEvaluator, four_classes: Make
) -> None:
    parts = (evaluator.clips.past, evaluator.clips.sound)
    past, sound = (np.concatenate([part, part[::-1]]) for part in parts)
    more_clips = Clips(past, sound)
    student = four_classes(1, 2)
    more = replace(evaluator, clips=more_clips).curve(student, (1.0,))[0]
    few = replace(evaluator, clips=more_clips.first(STEERED_CLIPS)).curve(student, (1.0,))[0]
    assert more["kl_reverse_bound"] == few["kl_reverse"] != more["kl_reverse"]
    assert more["told_apart"] == few["told_apart"]
