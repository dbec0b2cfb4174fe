"""Draw the layers of the package, and the two tiers: `python docs/figures/architecture.py`.

The order of the layers is that of the `layers` contract in pyproject.toml. The texts are the first lines of
the packages' docstrings.
"""

import ast
import textwrap
import tomllib
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "partita"
INK, BLUE, PALE, PAPER, GREY = "#222222", "#2a6f97", "#e3eef4", "#ffffff", "#6b6b6b"
WIDTH, ROW, GAP = 10.0, 0.62, 0.14  # inches
FILES = "errors, seeds, storage, signals, progress, device, tables, ..."


def layers() -> list[list[str]]:
    """Return the names of the packages of each layer, the top one first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    rows = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip().removeprefix("partita.") for name in row.split(":")] for row in rows]


def summary(package: str) -> str:
    """Return the first line of a package's docstring."""
    tree = ast.parse((PACKAGE / package / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".").replace("`", "")


def layer_figure() -> Figure:
    """Return the picture: one row of boxes a layer, the command line at the top."""
    rows = layers()
    height = (len(rows) + 1) * (ROW + GAP) + GAP
    figure = Figure(figsize=(WIDTH, height), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(0, height))
    axes.axis("off")
    for number, names in enumerate(rows):
        bottom = height - (number + 1) * (ROW + GAP)
        width = (WIDTH - 0.9 - GAP * (len(names) - 1)) / len(names)
        for place, name in enumerate(names):
            _box(axes, 0.7 + place * (width + GAP), bottom, width, name + "/", summary(name))
    _box(axes, 0.7, GAP, WIDTH - 0.9, "single files", FILES)
    axes.annotate(
        "",
        (0.35, GAP),
        (0.35, height - GAP),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.4},
    )
    axes.text(
        0.2, height / 2, "imports only from below", rotation=90, ha="center", va="center", color=GREY, size=9
    )
    return figure


def _box(axes: Axes, left: float, bottom: float, width: float, name: str, text: str) -> None:
    shape = FancyBboxPatch(
        (left, bottom), width, ROW, boxstyle="round,pad=0,rounding_size=0.08", facecolor=PALE, edgecolor=BLUE
    )
    axes.add_patch(shape)
    axes.text(left + 0.15, bottom + ROW / 2, name, va="center", color=BLUE, weight="bold", size=10)
    lines = textwrap.wrap(text, int((width - 1.5) * 15.5))
    axes.text(left + 1.3, bottom + ROW / 2, "\n".join(lines[:3]), va="center", color=INK, size=8.5)


def tier_figure() -> Figure:
    """Return the picture of the two tiers: what each is given, and what it draws."""
    figure = Figure(figsize=(WIDTH, 2.9), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(0, 2.9))
    axes.axis("off")
    boxes = (
        (0.15, 2.05, "prompt", "its features, its samples"),
        (0.15, 1.15, "notes, labels", "of a score; by name"),
        (0.15, 0.25, "line", "pitch, periodicity, loudness"),
        (2.95, 1.15, "frame tier", "GRU layers, 100 frames a second"),
        (5.35, 1.15, "conditioner", "products, once a frame"),
        (7.75, 1.15, "sample tier", "WaveNet, 16,000 samples a second"),
    )
    for left, bottom, name, text in boxes:
        _tier_box(axes, left, bottom, name, text)
    arrows = (
        ((2.15, 2.25), (2.95, 1.7)),
        ((2.15, 1.5), (2.95, 1.5)),
        ((2.15, 0.75), (2.95, 1.3)),
        ((4.95, 1.5), (5.35, 1.5)),
        ((7.35, 1.5), (7.75, 1.5)),
        ((2.15, 2.55), (8.3, 1.85)),
    )
    for start, end in arrows:
        style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.4}
        axes.annotate("", end, start, arrowprops=style)
    axes.text(5.15, 0.95, "frames", ha="center", va="top", color=INK, size=8.5)
    axes.text(5.6, 2.4, "samples", ha="center", color=INK, size=8.5)
    axes.text(8.75, 0.75, "sound", ha="center", va="top", color=INK, size=8.5)
    style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.4}
    axes.annotate("", (8.75, 0.8), (8.75, 1.15), arrowprops=style)
    return figure


def _tier_box(axes: Axes, left: float, bottom: float, name: str, text: str) -> None:
    width, height = 2.0, 0.7
    rounding = "round,pad=0,rounding_size=0.08"
    shape = FancyBboxPatch((left, bottom), width, height, boxstyle=rounding, facecolor=PALE, edgecolor=BLUE)
    axes.add_patch(shape)
    axes.text(
        left + width / 2, bottom + 0.47, name, ha="center", va="center", color=BLUE, weight="bold", size=10
    )
    axes.text(left + width / 2, bottom + 0.2, text, ha="center", va="center", color=INK, size=8)


if __name__ == "__main__":
    with mpl.rc_context({"svg.hashsalt": "partita", "svg.fonttype": "path"}):
        for name, figure in (("architecture", layer_figure()), ("two-tiers", tier_figure())):
            figure.savefig(Path(__file__).with_name(f"{name}.svg"), metadata={"Date": None})
