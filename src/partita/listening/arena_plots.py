"""The arena's pictures: the plane of both divergences, and each over temperature. One colour an arm.

Knows the keys of `scores.json` and nothing of how they came about.
"""

import io
from collections.abc import Mapping, Sequence
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
    far_x, far_y = (
        [point[way][end] for point in chosen for end in ("low", "value", "high")]
        for way in ("kl_forward", "kl_reverse")
    )
    _near(axes, seen_x, seen_y, far_x, far_y)
    _name_what_is_outside(axes, scores["arms"])
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
        _near(axes, [], heights)
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


def _near(
    axes: Axes,
    x: list[float],
    y: list[float],
    kept_x: Sequence[float] = (),
    kept_y: Sequence[float] = (),
) -> None:
    """Keep points that ran away from flattening the rest; what is kept stays inside, unless it did itself.

    Args:
        axes: what was drawn into.
        x: of all points, above 0.
        y: of all points, above 0.
        kept_x: of the chosen points, with the ends of their intervals, which may lie below 0.
        kept_y: the same upward.
    """
    axes.autoscale_view()
    for values, kept, limit in ((x, kept_x, axes.set_xlim), (y, kept_y, axes.set_ylim)):
        if not values or max(values) <= FAR * min(values):
            continue
        least = min(values)
        end = max([FAR * least, *(1.05 * value for value in kept if value <= FARTHEST * least)])
        begin = min([*values, *(value for value in kept if value >= -FARTHEST * least)])
        limit(min(0.9 * begin, begin - 0.05 * (end - begin)), end)
    axes.spines[["top", "right"]].set_visible(False)


def _name_what_is_outside(axes: Axes, arms: Mapping[str, Any]) -> None:
    """Say where chosen points lie that have no room in the picture."""
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    places = {
        arm: (point["kl_forward"]["value"], point["kl_reverse"]["value"])
        for arm, point in arms.items()
        if "kl_forward" in point
    }
    lines = [f"{arm}: {x:.3g}, {y:.3g}" for arm, (x, y) in places.items() if x > right or y > top]
    if lines:
        text = "\n".join(["not shown:", *lines])
        axes.text(0.98, 0.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize="small")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160)
    return buffer.getvalue()
