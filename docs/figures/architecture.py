"""Draw the layers of the package from its import contract: `python docs/figures/architecture.py`.

The order is that of the `layers` contract in pyproject.toml. The texts are the first
lines of the packages' docstrings.
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


if __name__ == "__main__":
    with mpl.rc_context({"svg.hashsalt": "partita", "svg.fonttype": "path"}):
        layer_figure().savefig(Path(__file__).with_name("architecture.svg"), metadata={"Date": None})
