"""The division of the demo's time between training and scoring."""

import pytest

from partita.experiments.demo.config import (
    ARMS,
    MIN_TRAINING_MINUTES,
    DemoConfig,
    divide_minutes,
    evaluation_config,
)
from partita.experiments.demo.scoring_costs import ScoringCosts
from partita.experiments.demo.time_budget import (
    SCORING_SHARE,
    fit_to_time,
    overtime_warning,
    training_minutes,
)

COSTS = {
    "fast": ScoringCosts(clips=8, temperature=0.2, drawing=0.5, bits=0.02),
    "slow": ScoringCosts(clips=8, temperature=2.0, drawing=5.0, bits=0.5),
}


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("minutes", [0.5, 1, 2, 3, 10, 60, 600])
def test_the_plan_fits_the_time_or_a_warning_says_how_long_it_takes(
    minutes: float, costs: ScoringCosts
) -> None:
    config, before = DemoConfig(minutes=minutes), 20.0
    plan = evaluation_config(config, held_out=[3600.0])
    plan = fit_to_time(plan, costs, seconds=SCORING_SHARE * (60 * minutes - before))
    after = costs.total_seconds(plan)
    training = training_minutes(config, seconds_before=before, seconds_after=after)
    start, arm = divide_minutes(training)
    assert start + len(ARMS) * arm == pytest.approx(training, abs=0.01)
    total = before + 60 * training + after
    warning = overtime_warning(config, seconds_before=before, seconds_after=after)
    if total <= 1.15 * 60 * minutes:
        assert warning is None
        assert total >= 0.9 * 60 * minutes or plan.clips < 16  # no time is left unused
    else:
        assert warning is not None
        assert training == MIN_TRAINING_MINUTES
        assert float(warning.split("takes about ")[1].split(" ")[0]) == pytest.approx(total / 60, abs=0.11)


def test_scoring_is_reduced_to_its_time_but_not_below_a_minimum() -> None:
    plan = evaluation_config(DemoConfig(minutes=10), held_out=[3600.0])
    assert fit_to_time(plan, COSTS["fast"], seconds=1000.0) == plan
    reduced = fit_to_time(plan, COSTS["slow"], seconds=60.0)
    assert COSTS["slow"].total_seconds(reduced) <= 60.0
    assert (reduced.clips, reduced.seconds) == (8, plan.seconds)
    least = fit_to_time(plan, COSTS["slow"], seconds=0.0)
    assert (least.clips, least.bits_seconds) == (4, 10.0)
