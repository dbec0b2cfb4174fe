"""The arena's page: one self-contained HTML file of tables and pictures, and the pictures as files beside it.

The words are in `templates/arena.html.j2`. This file knows the keys of `scores.json`, and measures nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partita import storage
from partita.experiments.arena.plots import over_temperature, plane
from partita.reports.spectrogram_images import png_address
from partita.reports.templating import rendered

ROWS = {
    "kl_sum": ("KL, both ways", "The sum of the next two."),
    "kl_forward": (
        "KL(data || student)",
        "What the student lacks: bits lost in coding what the teacher draws.",
    ),
    "kl_reverse": (
        "KL(student || data)",
        "What the student should not do: how much likelier it finds its own clips than the teacher does.",
    ),
    "kl_reverse_bound": (
        "KL(student || data), at most",
        "Of a steered arm a bound: how probable its clips are can't be computed. Of others the divergence, on"
        " the same few clips.",
    ),
    "jensen_shannon": (
        "Jensen-Shannon, a step",
        "Between the distributions of the next sample, on pasts from both; 0 to 1.",
    ),
    "kl_sum_trimmed": ("KL, both ways, trimmed", "Without the 1% of clips at either end."),
    "runaway_share": ("Runaway clips", "Less probable to the teacher than noise; a share."),
    "told_apart": (
        "Told apart",
        "By a fresh classifier of limited strength, on other clips; 0.5 is chance, 1 without fail.",
    ),
}
NUMBERS = ("difference", "low", "high", "p_corrected")


def write_arena_page(folder: str | Path, scores: Mapping[str, Any]) -> Path:
    """Write `report.html`, `plane.png` and `temperature.png` into an arena's folder; return the page's path.

    Args:
        folder: the arena's.
        scores: as `arena` returns them.
    """
    folder = Path(folder)
    pictures = {"plane": plane(scores), "temperature": over_temperature(scores)}
    for name, data in pictures.items():
        with storage.atomic_file(folder / f"{name}.png") as part:
            part.write_bytes(data)
    page = folder / "report.html"
    storage.write_text(page, render_arena_page(scores, pictures))
    return page


def render_arena_page(scores: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Return the page's HTML; every text is escaped.

    Args:
        scores: as `arena` returns them.
        pictures: PNG images by name: "plane" and "temperature".
    """
    arms = scores["arms"]
    rows = [
        {"name": name, "meaning": meaning, "cells": [_cell(arm.get(key)) for arm in arms.values()]}
        for key, (name, meaning) in ROWS.items()
        if any(key in arm for arm in arms.values())
    ]
    page = {
        "scores": scores,
        "rows": rows,
        "pictures": {name: png_address(data) for name, data in pictures.items()},
        "pairs": [(pair, _pair(pair)) for pair in scores["pairs"]],
    }
    return rendered("arena.html.j2", page)


def _cell(score: Mapping[str, Any] | None) -> dict[str, str]:
    if score is None:
        return {"value": "", "interval": ""}
    return {"value": f"{score['value']:.4f}", "interval": f"{score['low']:.4f} to {score['high']:.4f}"}


def _pair(pair: Mapping[str, Any]) -> dict[str, str]:
    """Return a comparison's numbers as text; what one student alone can't tell is a dash."""
    shown = {name: "–" if pair[name] is None else f"{pair[name]:.3g}" for name in NUMBERS}
    interval = "–" if pair["low"] is None else f"{shown['low']} to {shown['high']}"
    return {"difference": shown["difference"], "interval": interval, "p": shown["p_corrected"]}
