"""Learning curves from metrics records."""

from typing import Any

import pytest

from partita.reports.charts import SHARED
from partita.reports.curves import learning_charts


def test_an_arm_with_an_adversary_has_four_charts(metrics: list[dict[str, Any]]) -> None:
    titles = [chart.title for chart in learning_charts([("report", metrics)])]
    assert titles == [
        "Bits per sample over time", "Bits per sample over steps",
        "Loss of the discriminator", "Loss of the generator, adversarial part",
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


def test_a_loss_that_begins_late_has_an_axis_that_begins_with_it(metrics: list[dict[str, Any]]) -> None:
    # regression: the adversary's plots were squeezed into the right tenth, behind the common start
    later = [record | {"step": record["step"] + 900} for record in metrics]
    start = [{"kind": "train", "step": step, "bits": 6.0, "seconds": step / 2} for step in range(0, 901, 100)]
    charts = learning_charts([("likelihood", start), ("report", start + later)])
    for loss in charts[2:]:
        (line,) = [line for line in loss.lines if line.path]
        places = [float(point.split()[0]) for point in line.path.removeprefix("M").split("L")]
        assert places[0] == pytest.approx(loss.left)
        assert places[-1] == pytest.approx(loss.width - loss.right)
    assert charts[1].x_ticks[0].label == "0"  # the bits begin with the start


def test_a_common_start_is_drawn_once(metrics: list[dict[str, Any]]) -> None:
    start, rest = metrics[:5], metrics[5:]
    other = [record | {"bits": 1.0} for record in rest]
    over_steps = learning_charts([("a", start + rest), ("b", start + other)])[1]
    shared = [line for line in over_steps.lines if line.arm == SHARED]
    own = [line for line in over_steps.lines if line.arm != SHARED and line.style == "train"]
    assert [line.label for line in shared] == ["common start, training,"]
    end = shared[0].path.rpartition("L")[2]
    assert all(line.path.startswith(f"M{end}L") for line in own)
