"""Draw the figures of the committed results: `python docs/figures/results.py`.

It reads the JSON files of docs/results and measures nothing.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from make import BLUE, GREY, INK, RED, STYLE
from matplotlib.figure import Figure

RESULTS = Path(__file__).parents[1] / "results"
WAYS = ("kl_forward", "kl_reverse")
COLOURS = {
    "likelihood": INK,
    "critic": BLUE,
    "oracle": RED,
    "report": GREY,
    "policy": "#8a6d1f",
    "likelihood-charged": "#5b8c5a",
    "report-formula": "#7b5ea7",
    "gumbel": "#c77b4a",
    "pathwise": "#3f9aa8",
    "start": "#9a9a9a",
}
OTHER = "#a34d77"  # of any other arm
TICKS = (-0.4, -0.1, 0.0, 0.1, 0.4, 1.0)


def scaling_figure(found: dict[str, Any]) -> Figure:
    """What a million multiply-adds cost, for growing numbers of clips and for growing receptive fields."""
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    threads = found["threads"]
    _costs(left, found["clips"], "clips", BLUE, f"{found['size']}, {threads} threads")
    for clips, colour in ((1, RED), (16, BLUE)):
        rows = [row for row in found["receptive_fields"] if row["clips"] == clips]
        label = "1 clip, 1 thread" if clips == 1 else f"{clips} clips, {threads} threads"
        _costs(right, rows, "receptive_field", colour, label)
    for axes, label in ((left, "clips at once"), (right, "receptive field, samples")):
        axes.axhline(found["floor"], color=GREY, linestyle="--", label="in a matrix product")
        axes.set(xlabel=label, ylim=(0.0, None))
        axes.legend(frameon=False)
    left.set(ylabel="microseconds for a million\nmultiply-adds of a drawn sample")
    return figure


def steering_figure(found: dict[str, Any]) -> Figure:
    """The bound on KL(steered || data) for numbers of particles and lengths of block."""
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
    axes = figure.subplots()
    plain = found["plain"]["bound"]
    particles = sorted({case["particles"] for case in found["cases"]})
    for shade, count in enumerate(particles):
        rows = sorted((c for c in found["cases"] if c["particles"] == count), key=lambda case: case["block"])
        blocks, bounds = [row["block"] for row in rows], [row["bound"] for row in rows]
        colour = (BLUE, RED, INK)[shade % 3]
        axes.plot(blocks, [b["value"] for b in bounds], "o-", color=colour, label=f"K = {count}")
        axes.fill_between(
            blocks, [b["low"] for b in bounds], [b["high"] for b in bounds], color=colour, alpha=0.15
        )
    axes.axhline(plain["value"], color=GREY, linestyle="--", label="K = 1, plain sampling")
    axes.axhspan(plain["low"], plain["high"], color=GREY, alpha=0.15, linewidth=0)
    axes.set(xscale="log", xlabel="samples between judgements", ylabel="bound on KL, bits a sample")
    lengths = sorted({case["block"] for case in found["cases"]})
    axes.set_xticks(lengths, [str(length) for length in lengths])
    axes.minorticks_off()
    axes.set(ylim=(0.0, None))
    axes.legend(frameon=False)
    return figure


def arena_figure(found: dict[str, Any]) -> Figure:
    """The arms in the plane of both divergences, and each student's difference from its control."""
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1.0))
    arms = found["arms"]
    colours = {arm: COLOURS.get(arm, OTHER) for arm in arms}
    curve = found["curves"]["likelihood"]
    left.plot(*([one[way]["value"] for one in curve] for way in WAYS), color=INK, linewidth=1, zorder=1)
    for arm, scores in arms.items():
        x, y = (scores[way] for way in WAYS)
        left.errorbar(
            x["value"], y["value"], color=colours[arm], marker="o", markersize=5, capsize=2, linewidth=1,
            xerr=[[x["value"] - x["low"]], [x["high"] - x["value"]]],
            yerr=[[y["value"] - y["low"]], [y["high"] - y["value"]]], label=arm,
        )  # fmt: skip
    left.set(xlabel="KL(data || student), bits a sample", ylabel="KL(student || data), bits a sample")
    left.legend(frameon=False, fontsize="small")
    rows = [pair for pair in found["pairs"] if pair["score"] == "kl_sum"]
    for row, pair in enumerate(rows):
        one, other = (arms[pair[which]]["kl_sum"]["values"] for which in "ab")
        apart, colour = [a - b for a, b in zip(one, other, strict=True)], colours[pair["a"]]
        right.plot(apart, [row] * len(apart), "o", color=colour, markersize=3, alpha=0.5)
        right.plot([pair["low"], pair["high"]], [row, row], color=colour, linewidth=2)
        right.plot(pair["difference"], row, "|", color=colour, markersize=14)
    right.axvline(0.0, color=GREY, linestyle="--")
    right.set_yticks(range(len(rows)), [_against(pair) for pair in rows])
    right.set_ylim(len(rows) - 0.5, -0.5)
    right.set_xscale("symlog", linthresh=0.2)  # small differences and large ones
    right.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    right.set(xlabel="sum of both, less that of the control")
    return figure


def _against(pair: dict[str, Any]) -> str:
    """Return an arm's name, and what it is held against where that is another than likelihood."""
    return str(pair["a"]) if pair["b"] == "likelihood" else f"{pair['a']}, against\n{pair['b']}"


def _costs(axes: Any, rows: list[dict[str, Any]], name: str, colour: str, label: str) -> None:
    places, costs = [row[name] for row in rows], [row["microseconds"] for row in rows]
    axes.plot(places, costs, "o-", color=colour, markersize=4, label=label)
    axes.fill_between(
        places,
        [row["spread"][0] for row in rows],
        [row["spread"][1] for row in rows],
        color=colour,
        alpha=0.2,
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [f"{place:,}" for place in places], rotation=30 if max(places) > 99 else 0)


def main() -> None:
    """Draw what there are results of."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = asked.parse_args()
    with mpl.rc_context(STYLE):
        for name, draw in {"scaling": scaling_figure, "steering": steering_figure}.items():
            found = json.loads((RESULTS / "sampler" / f"{name}.json").read_text(encoding="utf-8"))
            draw(found).savefig(given.out / f"{name}.png")
        arenas = {"arena": "equal-time", "arena-updates": "equal-steps", "arena-grown": "equal-time-grown"}
        for name, source in arenas.items():
            found = json.loads((RESULTS / "arena" / f"{source}.json").read_text(encoding="utf-8"))
            arena_figure(found).savefig(given.out / f"{name}.png")


if __name__ == "__main__":
    main()
