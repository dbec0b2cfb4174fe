"""Learning curves from metrics records."""

from typing import Any

import pytest

from partita.reports.curves import learning_charts


def test_an_arm_with_an_adversary_has_four_charts(metrics: list[dict[str, Any]]) -> None:
    titles = [chart.title for chart in learning_charts([("report", metrics)])]
    assert titles == [
        "Bits per sample over time", "Bits per sample over steps",
        "Discriminator", "Generator, adversarial part",
    ]  # fmt: skip


def test_losses_have_the_colour_of_their_arm_if_the_first_arm_has_no_loss(
    metrics: list[dict[str, Any]],
) -> None:
    plain = [{k: v for k, v in r.items() if not k.endswith("loss")} for r in metrics]
    charts = learning_charts([("likelihood", plain), ("report", metrics)])
    assert [line.arm for line in charts[2].lines] == [1]
    assert len(learning_charts([("likelihood", plain)])) == 2


def test_validation_uses_the_ema_weights_at_the_time_of_the_validation(metrics: list[dict[str, Any]]) -> None:
    over_time = learning_charts([("a", metrics)])[0]
    line = next(line for line in over_time.lines if line.style == "validation")
    assert "a, validation, from 6 to 5.5" in over_time.summary
    width = over_time.width - over_time.left - over_time.right
    assert line.dots[0][0] == pytest.approx(over_time.left + width / 2)  # step 50 of 100 was at half time
    assert learning_charts([("a", [])]) == []
