"""The arena's pictures: the plane of both divergences, and each over temperature. One colour an arm.

Knows the keys of `scores.json` and nothing of how they came about.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = tuple(matplotlib.colormaps["tab10"].colors)  # type: ignore[attr-defined]
FAR = 4.0  # points that lie so many times as far as the nearest one are outside the picture,
FARTHEST = 10.0  # chosen ones only from here on

Scores = Mapping[str, Any]


def plane(scores: Scores) -> bytes:
    """Return a PNG of KL(data || student) to the right and KL(student || data) upward.

    It shows the students of the test.
    Each arm is a large dot at its chosen temperature, with its intervals over students, and where it was
    measured at several temperatures a line with a small dot for each. An arm that only sharpens or flattens
    its conditionals moves along the line of `likelihood`; one that helps leaves it downward or to the left.
    A steered arm has only a bound upward: a dashed line.

    >>> point = {"value": 0.5, "low": 0.4, "high": 0.6}
    >>> arm = {"kl_forward": point, "kl_reverse": point}
    >>> curve = [{"temperature": 1.0} | arm]
    >>> found = {"arms": {"a": arm}, "curves": {"a": curve}, "choices": {"a": {"temperature": 1.0}}}
    >>> plane(found)[1:4]
    b'PNG'
    """
    figure = Figure(figsize=(7.2, 5.4), layout="constrained")
    axes = figure.add_subplot()
    seen_x: list[float] = []
    seen_y: list[float] = []
    chosen = [point for point in scores["arms"].values() if "kl_forward" in point]
    for number, (arm, point) in enumerate(scores["arms"].items()):
        colour, curve = COLOURS[number % len(COLOURS)], scores["curves"][arm]
        label = f"{arm}, T = {scores['choices'][arm]['temperature']:g}"
        if "kl_forward" not in point:
            value = point["kl_reverse_bound"]["value"]
            axes.axhline(value, color=colour, linestyle="--", linewidth=1, label=f"{label} (bound)")
            seen_y.append(value)
            continue
        x, y = _values(curve, "kl_forward"), _values(curve, "kl_reverse")
        if len(curve) > 1:
            axes.plot(x, y, color=colour, marker="o", markersize=3, linewidth=1)
        axes.errorbar(
            **_cross(point), color=colour, marker="o", markersize=7, capsize=2, linewidth=1, label=label
        )
        seen_x, seen_y = seen_x + x, seen_y + y
    _near(axes.set_xlim, seen_x, [point["kl_forward"] for point in chosen])
    _near(axes.set_ylim, seen_y, [_upward(point) for point in scores["arms"].values()])
    _name_what_is_outside(axes, scores["arms"])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("KL(data || student), bits a sample")
    axes.set_ylabel("KL(student || data), bits a sample")
    axes.legend(frameon=False, fontsize="small")
    return _png(figure)


def over_temperature(scores: Scores) -> bytes:
    """Return a PNG of both divergences and their sum over temperature, side by side, the means of the
    students that choices were made by, each arm with the settings that were chosen. They are few, so there
    are no intervals."""
    names = {
        "kl_forward": "KL(data || student)",
        "kl_reverse": "KL(student || data)",
        "kl_sum": "sum",
    }
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, 3), names.items(), strict=True):
        heights = []
        for number, arm in enumerate(scores["arms"]):
            curve = _tried(scores, arm)
            key = "kl_reverse_bound" if name == "kl_reverse" and name not in curve[0] else name
            if key not in curve[0]:
                continue
            colour, x = COLOURS[number % len(COLOURS)], [point["temperature"] for point in curve]
            y = _values(curve, key)
            style = "--" if key == "kl_reverse_bound" else "-"
            axes.plot(x, y, style, color=colour, marker="o", markersize=3, linewidth=1, label=arm)
            heights += y
        _near(axes.set_ylim, heights)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, fontsize="medium")
        axes.set_xlabel("temperature")
    figure.axes[0].set_ylabel("bits a sample")
    shown = {
        text: line
        for axes in figure.axes
        for line, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown.values(), shown, loc="outside right center", frameon=False, fontsize="small")
    return _png(figure)


def _tried(scores: Scores, arm: str) -> list[dict[str, Any]]:
    """Return the curve of an arm with its chosen settings."""
    curve: list[dict[str, Any]] = scores["validation"][scores["choices"][arm]["settings"]]
    return curve


def _values(curve: list[dict[str, Any]], name: str) -> list[float]:
    return [point[name]["value"] for point in curve]


def _cross(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point with its intervals, as `errorbar` takes them."""
    forward, reverse = point["kl_forward"], point["kl_reverse"]
    return {
        "x": [forward["value"]],
        "y": [reverse["value"]],
        "xerr": [[forward["value"] - forward["low"]], [forward["high"] - forward["value"]]],
        "yerr": [[reverse["value"] - reverse["low"]], [reverse["high"] - reverse["value"]]],
    }


def _upward(point: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what of an arm is drawn upward: of a steered one a bound."""
    found: Mapping[str, Any] = point["kl_reverse" if "kl_forward" in point else "kl_reverse_bound"]
    return found


def _near(
    limit: Callable[[float, float], object], values: Sequence[float], chosen: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Keep points that ran away from flattening the rest; what was chosen stays inside with its interval,
    unless it did itself.

    Args:
        limit: sets the ends of an axis.
        values: of all points along it.
        chosen: of the chosen points `value`, `low` and `high`.
    """
    least = min((value for value in values if value > 0.0), default=0.0)
    if not least or max(values) <= FAR * least:
        return
    inside = [point for point in chosen if point["value"] <= FARTHEST * least]
    end = max([FAR * least, *(1.05 * point["high"] for point in inside)])
    begin = min([*values, *(point["low"] for point in inside)])
    limit(min(0.9 * begin, begin - 0.05 * (end - begin)), end)


def _name_what_is_outside(axes: Axes, arms: Mapping[str, Any]) -> None:
    """Say where chosen points lie that have no room in the picture."""
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    lines = []
    for arm, point in arms.items():
        y = _upward(point)["value"]
        x = point["kl_forward"]["value"] if "kl_forward" in point else None
        if y > top or (x is not None and x > right):
            lines.append(f"{arm}: at most {y:.3g} upward" if x is None else f"{arm}: at {x:.3g}, {y:.3g}")
    if lines:
        text = "\n".join(["not shown:", *lines])
        axes.text(0.98, 0.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize="small")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160)
    return buffer.getvalue()
