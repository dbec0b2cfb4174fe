"""The page of a comparison: one self-contained HTML file, with three sentences first.

The text of the page is in `reports/templates/compare.html.j2`. This file computes no scores.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import soundfile

from partita import storage
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.compare.config import CONTROL, KNOWN_ARMS
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.scores import NOISED
from partita.experiments.compare.seed_task import kept_clips
from partita.experiments.compare.sentences import sentences
from partita.reports.audio_data import flac_data_url
from partita.reports.charts import Chart, Series, chart
from partita.reports.pair_text import pair_text
from partita.reports.score_kinds import KINDS
from partita.reports.score_table import score_rows
from partita.reports.spectrogram_images import (
    decibels,
    frequency_ticks,
    png_data_url,
    spectrogram_png,
    time_ticks,
)
from partita.reports.templating import render_template

Scores = Mapping[str, Any]


def write_compare_page(folder: str | Path, scores: Scores) -> Path:
    """Write `report.html` in the folder of a comparison and return its path.

    Args:
        folder: the comparison's folder.
        scores: the result of `compare`.
    """
    place = CompareFolder(Path(folder))
    storage.write_text(place.page, render_compare_page(place, scores))
    return place.page


def render_compare_page(folder: CompareFolder, scores: Scores) -> str:
    """Return the page's HTML, with all text escaped.

    Args:
        folder: the comparison's folder, which holds the clips.
        scores: the result of `compare`.
    """
    names = [name for name in scores["arms"] if name != NOISED]
    primary = scores["primary"]
    listening = _listening(folder, names, scores)
    page = {
        "title": f"Is {primary['arm']} better than {CONTROL}?",
        "sentences": sentences(scores),
        "scores": scores,
        "data": {"arms": [{"name": name} for name in names]},
        "score_rows": score_rows([scores["arms"][name] for name in names]),
        "pairs": [(pair, pair_text(pair) | {"score": _kind_name(pair["score"])}) for pair in scores["pairs"]],
        "charts": _charts(scores, names),
        "facts": _facts(scores),
        "arm_facts": [(name, _arm_facts(scores, name)) for name in names],
        **listening,
    }
    return render_template("compare.html.j2", page)


def _kind_name(score: str) -> str:
    """Return the name of a score on the page, or its key if it has none."""
    return next((kind.name for kind in KINDS if kind.key == score), score)


def _listening(folder: CompareFolder, names: Sequence[str], scores: Scores) -> dict[str, Any]:
    """Return what the page needs to play the kept clips; no rows if there are none."""
    kept = {"real": list(kept_clips(folder, "real"))}
    for name in names:
        kept[name] = list(kept_clips(folder, ArmSpec.parse(name, known=KNOWN_ARMS).folder))
    count = min(map(len, kept.values()))
    if not count:
        return {"rows": []}
    sounds = {name: [soundfile.read(path, dtype="float32") for path in paths] for name, paths in kept.items()}
    _, rate = sounds["real"][0]
    seconds = len(sounds["real"][0][0]) / rate
    prompt = float(scores["about"]["opening_seconds"])
    top = max(float(decibels(sound, rate).max()) for sound, _ in sounds["real"])
    rows = [
        [
            {
                "arm": number - 1,
                "name": name,
                "sound": flac_data_url(found[row][0], rate),
                "picture": png_data_url(spectrogram_png(found[row][0], rate, top_db=top)),
            }
            for number, (name, found) in enumerate(sounds.items())
        ]
        for row in range(count)
    ]
    return {
        "rows": rows,
        "prompt_seconds": prompt,
        "prompt_share": prompt / seconds,
        "time_ticks": time_ticks(seconds),
        "frequency_ticks": frequency_ticks(rate),
    }


def _charts(scores: Scores, names: Sequence[str]) -> list[Chart]:
    """Return the curve of the primary score over temperature, on both splits."""
    series = []
    for number, name in enumerate(names):
        points = sorted(scores["curves"][name], key=lambda point: point["temperature"])
        for style, split in (("train", "validation"), ("validation", "test")):
            series.append(
                Series(
                    arm=number,
                    style=style,
                    label=f"{name}, {split},",
                    x=[point["temperature"] for point in points],
                    y=[point[split] for point in points],
                )
            )
    score = scores["primary"]["score"]
    found = chart("Primary score over temperature", "temperature", score, series, from_zero=False)
    return [] if found is None else [found]


def _facts(scores: Scores) -> list[tuple[str, str]]:
    settings, about = scores["made"]["settings"], scores["about"]
    budget = f"{settings['steps']:,} updates" if settings["steps"] else f"{settings['minutes']:g} minutes"
    return [
        ("base", settings["base"]),
        ("each arm", budget),
        ("seeds", ", ".join(str(seed) for seed in scores["seeds"])),
        ("clips", f"{about['clips']} of {about['clip_seconds']:g} s for each arm and seed"),
        ("corpus", f"fingerprint {settings['corpus'][:16]}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in scores["made"]["versions"].items())),
    ]


def _arm_facts(scores: Scores, name: str) -> list[tuple[str, str]]:
    training, temperatures = scores["training"][name], scores["temperatures"][name]
    steps, seconds = ([one[what] for one in training] for what in ("steps", "seconds"))
    facts = [
        ("updates", _between(steps, "{:,.0f}")),
        ("time", _between(seconds, "{:,.0f} s")),
        ("temperature", _between(temperatures, "{:g}")),
    ]
    if critic := [one["critic_seconds"] for one in training if "critic_seconds" in one]:
        facts.append(("its critic’s training, besides", _between(critic, "{:,.0f} s")))
    right = [one["told_right"] for one in training if "told_right" in one]
    return facts + ([("discriminator’s accuracy", _between(right, "{:.0%}"))] if right else [])


def _between(values: Sequence[float], form: str) -> str:
    """Return the range of values as text.

    >>> _between([1.0, 0.9, 1.0], "{:g}"), _between([5.0, 5.0], "{:g}")
    ('0.9 to 1', '5')
    """
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"
