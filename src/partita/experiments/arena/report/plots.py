"""The arena's charts: the plane of the two divergences, and each divergence over temperature.

Each arm has one colour. This file knows the keys of `scores.json` and computes no scores.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from partita.reports.axes import limited_range
from partita.reports.charts import Chart, Guide, Mark, Series, chart

FORWARD, REVERSE = "KL(data || student)", "KL(student || data)"
CURVES = {"kl_forward": FORWARD, "kl_reverse": REVERSE, "kl_sum": "Sum of both divergences"}
UNIT = "bits per sample"

Scores = Mapping[str, Any]
Range = tuple[float, float]


def divergence_plane(scores: Scores) -> Chart | None:
    """Return a chart with KL(data || student) on the x axis and KL(student || data) on the y axis.

    It shows the test students. A large dot is an arm at its chosen temperature, with intervals over students.
    Small dots on a line are further temperatures, if the arm was evaluated there. An arm that only makes its
    distribution sharper or flatter stays on the line of `likelihood`; an improvement lies below that line or
    to its left. A dashed line is the bound of a steered arm, which has no x value.

    Args:
        scores: the result of `arena`.

    Returns:
        The chart, or None if all arms are steered.

    >>> point = {"value": 0.5, "low": 0.4, "high": 0.6}
    >>> arm = {"kl_forward": point, "kl_reverse": point}
    >>> curve = [{"temperature": 1.0} | arm]
    >>> found = {"arms": {"a": arm}, "curves": {"a": curve}, "choices": {"a": {"temperature": 1.0}}}
    >>> divergence_plane(found).crosses[0].arm
    0
    """
    series, guides, marks = [], [], []
    for number, (arm, point) in enumerate(scores["arms"].items()):
        label = f"{arm}, T = {scores['choices'][arm]['temperature']:g}"
        if not _has_plane(point):
            value = point["kl_reverse_bound"]["value"]
            guides.append(Guide(value=value, label=f"{label}, at most", arm=number))
            continue
        marks.append(Mark(arm=number, label=label, x=point["kl_forward"], y=point["kl_reverse"]))
        x, y = (_values(scores["curves"][arm], name) for name in ("kl_forward", "kl_reverse"))
        if len(x) > 1:
            series.append(Series(arm=number, style="curve", label=f"{arm} over temperature", x=x, y=y))
    if not marks:
        return None
    x_range, y_range = plane_ranges(scores)
    shown = [mark for mark in marks if _inside(mark.x, x_range) and _inside(mark.y, y_range)]
    guides = [guide for guide in guides if y_range is None or guide.value <= y_range[1]]
    title = "The divergences of each arm in both directions"
    x_label, y_label = f"{FORWARD}, {UNIT}", f"{REVERSE}, {UNIT}"
    return chart(title, x_label, y_label, series, guides, shown, x_range=x_range, y_range=y_range)


def plane_ranges(scores: Scores) -> tuple[Range | None, Range | None]:
    """Return the ends of the axes of the plane; None for an axis without extreme values.

    Args:
        scores: the result of `arena`.
    """
    arms: Mapping[str, Mapping[str, Any]] = scores["arms"]
    plane = {arm: point for arm, point in arms.items() if _has_plane(point)}
    points = [point for arm in plane for point in scores["curves"][arm]]
    heights = [*_values(points, "kl_reverse"), *(_height(point)["value"] for point in arms.values())]
    across = [*_values(points, "kl_forward"), *_values(list(plane.values()), "kl_forward")]
    return (
        limited_range(across, [point["kl_forward"] for point in plane.values()]),
        limited_range(heights, [_height(point) for point in arms.values()]),
    )


def outside_the_plane(scores: Scores) -> list[str]:
    """Return the coordinates of the chosen points that lie outside the plane.

    Args:
        scores: the result of `arena`.
    """
    x_range, y_range = plane_ranges(scores)
    found = []
    for arm, point in scores["arms"].items():
        across, height = point.get("kl_forward"), _height(point)
        if _inside(height, y_range) and (across is None or _inside(across, x_range)):
            continue
        place = f"y at most {height['value']:.3g}"
        if across is not None:
            place = f"at {across['value']:.3g}, {height['value']:.3g}"
        found.append(f"{arm}: {place}")
    return found


def temperature_curves(scores: Scores) -> list[Chart]:
    """Return three charts over temperature: both divergences and their sum.

    The curves are means over the validation students, each arm with its chosen settings. There are no
    intervals, since the students are few. The curve of a steered arm is its bound.

    Args:
        scores: the result of `arena`.
    """
    charts = []
    for name, title in CURVES.items():
        series = []
        for number, arm in enumerate(scores["arms"]):
            curve = _validation_curve(scores, arm)
            key = "kl_reverse_bound" if name == "kl_reverse" and name not in curve[0] else name
            if key not in curve[0]:
                continue
            x = [point["temperature"] for point in curve]
            label = f"{arm}, at most," if key != name else arm
            series.append(Series(arm=number, style="curve", label=label, x=x, y=_values(curve, key)))
        heights = [y for one in series for y in one.y]
        y_range = limited_range(heights)
        charts.append(chart(title, "temperature", UNIT, series, from_zero=False, y_range=y_range))
    return [one for one in charts if one is not None]


def _has_plane(point: Mapping[str, Any]) -> bool:
    """Return whether an arm has both divergences; a steered one has a bound only."""
    return "kl_forward" in point and "kl_reverse" in point


def _inside(score: Mapping[str, Any], ends: Range | None) -> bool:
    return ends is None or bool(score["value"] <= ends[1])


def _validation_curve(scores: Scores, arm: str) -> list[dict[str, Any]]:
    """Return the validation curve of an arm with its chosen settings."""
    curve: list[dict[str, Any]] = scores["validation"][scores["choices"][arm]["settings"]]
    return curve


def _values(curve: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [point[name]["value"] for point in curve]


def _height(point: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the y value of an arm; for a steered arm its bound."""
    found: Mapping[str, Any] = point["kl_reverse" if _has_plane(point) else "kl_reverse_bound"]
    return found
