"""The arena's plots: the plane of the two divergences, and each divergence over temperature.

Each arm has one color. This file knows the keys of `scores.json` and computes no scores.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLORS = tuple(matplotlib.colormaps["tab10"].colors)  # type: ignore[attr-defined]
FAR = 4.0  # a point beyond this multiple of the smallest value is outside the plot,
FARTHEST = 10.0  # a chosen point only beyond this one

Scores = Mapping[str, Any]


def divergence_plane(scores: Scores) -> bytes:
    """Return a PNG with KL(data || student) on the x axis and KL(student || data) on the y axis.

    It shows the test students. A large dot is an arm at its chosen temperature, with intervals over students.
    Small dots on a line are further temperatures, if the arm was evaluated there. An arm that only makes its
    distribution sharper or flatter stays on the line of `likelihood`; an improvement lies below that line or
    to its left. A dashed line is the bound of a steered arm, which has no x value.

    Args:
        scores: the result of `arena`.

    >>> point = {"value": 0.5, "low": 0.4, "high": 0.6}
    >>> arm = {"kl_forward": point, "kl_reverse": point}
    >>> curve = [{"temperature": 1.0} | arm]
    >>> found = {"arms": {"a": arm}, "curves": {"a": curve}, "choices": {"a": {"temperature": 1.0}}}
    >>> divergence_plane(found)[1:4]
    b'PNG'
    """
    figure = Figure(figsize=(7.2, 5.4), layout="constrained")
    axes = figure.add_subplot()
    seen_x: list[float] = []
    seen_y: list[float] = []
    chosen = [point for point in scores["arms"].values() if "kl_forward" in point]
    for number, (arm, point) in enumerate(scores["arms"].items()):
        color, curve = COLORS[number % len(COLORS)], scores["curves"][arm]
        label = f"{arm}, T = {scores['choices'][arm]['temperature']:g}"
        if "kl_forward" not in point:
            value = point["kl_reverse_bound"]["value"]
            axes.axhline(value, color=color, linestyle="--", linewidth=1, label=f"{label} (bound)")
            seen_y.append(value)
            continue
        x, y = _values(curve, "kl_forward"), _values(curve, "kl_reverse")
        if len(curve) > 1:
            axes.plot(x, y, color=color, marker="o", markersize=3, linewidth=1)
        axes.errorbar(
            **_with_intervals(point),
            color=color,
            marker="o",
            markersize=7,
            capsize=2,
            linewidth=1,
            label=label,
        )
        seen_x, seen_y = seen_x + x, seen_y + y
    limit_axis(axes.set_xlim, seen_x, [point["kl_forward"] for point in chosen])
    limit_axis(axes.set_ylim, seen_y, [_y_value(point) for point in scores["arms"].values()])
    _list_hidden_points(axes, scores["arms"])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("KL(data || student), bits per sample")
    axes.set_ylabel("KL(student || data), bits per sample")
    axes.legend(frameon=False, fontsize="small")
    return _png(figure)


def temperature_curves(scores: Scores) -> bytes:
    """Return a PNG with three plots over temperature: both divergences and their sum.

    The curves are means over the validation students, each arm with its chosen settings. There are no
    intervals, since the students are few.

    Args:
        scores: the result of `arena`.
    """
    names = {
        "kl_forward": "KL(data || student)",
        "kl_reverse": "KL(student || data)",
        "kl_sum": "sum",
    }
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, 3), names.items(), strict=True):
        heights = []
        for number, arm in enumerate(scores["arms"]):
            curve = _validation_curve(scores, arm)
            key = "kl_reverse_bound" if name == "kl_reverse" and name not in curve[0] else name
            if key not in curve[0]:
                continue
            color, x = COLORS[number % len(COLORS)], [point["temperature"] for point in curve]
            y = _values(curve, key)
            style = "--" if key == "kl_reverse_bound" else "-"
            axes.plot(x, y, style, color=color, marker="o", markersize=3, linewidth=1, label=arm)
            heights += y
        limit_axis(axes.set_ylim, heights)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, fontsize="medium")
        axes.set_xlabel("temperature")
    figure.axes[0].set_ylabel("bits per sample")
    shown = {
        text: line
        for axes in figure.axes
        for line, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown.values(), shown, loc="outside right center", frameon=False, fontsize="small")
    return _png(figure)


def _validation_curve(scores: Scores, arm: str) -> list[dict[str, Any]]:
    """Return the validation curve of an arm with its chosen settings."""
    curve: list[dict[str, Any]] = scores["validation"][scores["choices"][arm]["settings"]]
    return curve


def _values(curve: list[dict[str, Any]], name: str) -> list[float]:
    return [point[name]["value"] for point in curve]


def _with_intervals(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `errorbar` for a point with its intervals."""
    forward, reverse = point["kl_forward"], point["kl_reverse"]
    return {
        "x": [forward["value"]],
        "y": [reverse["value"]],
        "xerr": [[forward["value"] - forward["low"]], [forward["high"] - forward["value"]]],
        "yerr": [[reverse["value"] - reverse["low"]], [reverse["high"] - reverse["value"]]],
    }


def _y_value(point: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the y value of an arm; for a steered arm its bound."""
    found: Mapping[str, Any] = point["kl_reverse" if "kl_forward" in point else "kl_reverse_bound"]
    return found


def limit_axis(
    limit: Callable[[float, float], object], values: Sequence[float], chosen: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Set the ends of an axis so that extreme values do not compress the rest.

    A chosen point is inside with its interval, unless it is extreme itself.

    Args:
        limit: sets the ends of the axis.
        values: of all points along the axis.
        chosen: `value`, `low` and `high` of the chosen points.
    """
    least = min((value for value in values if value > 0.0), default=0.0)
    if not least or max(values) <= FAR * least:
        return
    inside = [point for point in chosen if point["value"] <= FARTHEST * least]
    end = max([FAR * least, *(1.05 * point["high"] for point in inside)])
    begin = min([*values, *(point["low"] for point in inside)])
    limit(min(0.9 * begin, begin - 0.05 * (end - begin)), end)


def _list_hidden_points(axes: Axes, arms: Mapping[str, Any]) -> None:
    """Write the coordinates of chosen points that lie outside the plot."""
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    lines = []
    for arm, point in arms.items():
        y = _y_value(point)["value"]
        x = point["kl_forward"]["value"] if "kl_forward" in point else None
        if y > top or (x is not None and x > right):
            lines.append(f"{arm}: y at most {y:.3g}" if x is None else f"{arm}: at {x:.3g}, {y:.3g}")
    if lines:
        text = "\n".join(["outside the plot:", *lines])
        axes.text(0.98, 0.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize="small")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160)
    return buffer.getvalue()
