"""The arena's page: one self-contained HTML file with tables and plots, and the plots as files beside it.

The text of the page is in `reports/templates/arena.html.j2`. This file knows the keys of `scores.json` and
computes no scores.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partita import storage
from partita.experiments.arena.plots import divergence_plane, temperature_curves
from partita.reports.pair_text import pair_text
from partita.reports.spectrogram_images import png_data_url
from partita.reports.templating import render_template

ROWS = {
    "kl_sum": ("KL, both directions", "The sum of the next two rows."),
    "kl_forward": (
        "KL(data || student)",
        "What the student lacks: the extra bits to code the teacher's clips with the student.",
    ),
    "kl_reverse": (
        "KL(student || data)",
        "What the student adds: how much more probable its clips are for itself than for the teacher.",
    ),
    "kl_reverse_bound": (
        "KL(student || data), at most",
        "An upper bound for a steered arm, since the probability of steered clips is not computable. For"
        " other arms the divergence itself, on the same number of clips.",
    ),
    "jensen_shannon": (
        "Jensen-Shannon per step",
        "Between the distributions of the next sample, given clips of both models; 0 to 1.",
    ),
    "kl_sum_trimmed": ("KL, both directions, trimmed", "Without the lowest and the highest 1% of clips."),
    "runaway_share": ("Runaway clips", "The share of clips that the teacher finds less probable than noise."),
    "told_apart": (
        "Two-sample classifier",
        "Area under the ROC curve of a weak classifier, trained on other clips; 0.5 is chance, 1 is perfect.",
    ),
}


def write_arena_page(folder: str | Path, scores: Mapping[str, Any]) -> Path:
    """Write `report.html`, `plane.png` and `temperature.png` and return the path of the page.

    Args:
        folder: the arena's folder.
        scores: the result of `arena`.
    """
    folder = Path(folder)
    pictures = {"plane": divergence_plane(scores), "temperature": temperature_curves(scores)}
    for name, data in pictures.items():
        with storage.atomic_file(folder / f"{name}.png") as part:
            part.write_bytes(data)
    page = folder / "report.html"
    storage.write_text(page, render_arena_page(scores, pictures))
    return page


def render_arena_page(scores: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Return the page's HTML, with all text escaped.

    Args:
        scores: the result of `arena`.
        pictures: PNG images by name, "plane" and "temperature".
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
        "pictures": {name: png_data_url(data) for name, data in pictures.items()},
        "pairs": [(pair, pair_text(pair)) for pair in scores["pairs"]],
    }
    return render_template("arena.html.j2", page)


def _cell(score: Mapping[str, Any] | None) -> dict[str, str]:
    if score is None:
        return {"value": "", "interval": ""}
    return {"value": f"{score['value']:.4f}", "interval": f"{score['low']:.4f} to {score['high']:.4f}"}
