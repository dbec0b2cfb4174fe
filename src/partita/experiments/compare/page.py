"""The page of a comparison: one self-contained HTML file, with three sentences first.

The text of the page is in `reports/templates/compare.html.j2`. This file computes no scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile

from partita.experiments.arm_spec import START, ArmSpec
from partita.experiments.command_line import experiment_command
from partita.experiments.compare.config import CONTROL, KNOWN_ARMS, CompareConfig
from partita.experiments.compare.folder import CompareFolder
from partita.experiments.compare.scores import NOISED
from partita.experiments.compare.seed_task import kept_clips
from partita.experiments.compare.sentences import best_arm, plain_sentences, sentences
from partita.reports.charts import Chart, Series, chart
from partita.reports.listening import Clip, listening
from partita.reports.next_steps import Step, model_steps
from partita.reports.page import write_page
from partita.reports.pair_text import pair_text
from partita.reports.score_kinds import KINDS
from partita.reports.score_table import score_rows
from partita.reports.templating import render_template

SHOWN = ("seed", "targets", "batch", "device", "precision", "threads")  # settings under "How it was made"

Scores = Mapping[str, Any]


def write_compare_page(config: CompareConfig, corpus: Path, scores: Scores) -> Path:
    """Write `report.html` in the folder of a comparison and return its path.

    Args:
        config: the comparison, whose folder holds the clips.
        corpus: the folder of its corpus.
        scores: the result of `compare`.
    """
    return write_page(CompareFolder(config.out).page, render_compare_page(config, corpus, scores))


def render_compare_page(config: CompareConfig, corpus: Path, scores: Scores) -> str:
    """Return the page's HTML, with all text escaped.

    Args:
        config: the comparison, whose folder holds the clips.
        corpus: the folder of its corpus.
        scores: the result of `compare`.
    """
    names = [name for name in scores["arms"] if name != NOISED]
    command = experiment_command("compare", config, corpus)
    page = {
        "title": f"Is {scores['primary']['arm']} better than {CONTROL}?",
        "sentences": plain_sentences(scores),
        "steps": next_steps(config, corpus, scores),
        "findings": sentences(scores),
        "scores": scores,
        "arms": names,
        "score_rows": score_rows([scores["arms"][name] for name in names]),
        "pairs": [(pair, _pair_text(pair)) for pair in scores["pairs"]],
        "charts": _charts(scores, names),
        "facts": _facts(scores),
        "arm_facts": [(name, _arm_facts(scores, name)) for name in names],
        "commands": [command],
        **_listening(CompareFolder(config.out), names, scores),
    }
    return render_template("compare.html.j2", page)


def next_steps(config: CompareConfig, corpus: Path, scores: Scores) -> list[Step]:
    """Return what to do after a comparison: use the better arm, or ask again.

    Args:
        config: the comparison.
        corpus: the folder of its corpus.
        scores: the result of `compare`.
    """
    spec = ArmSpec.parse(best_arm(scores), known=KNOWN_ARMS)
    base = config.start_from or CompareFolder(config.out).base
    again = replace(config, out=config.out.with_name(f"{config.out.name}-again"), seed=config.seed + 1)
    run = base if spec.arm == START else CompareFolder(config.out).run(spec, config.seed_numbers[0])
    return [
        *model_steps(run, corpus, config.out, prompt=_first_real(config))[:-1],
        Step("Ask again, with other seeds", experiment_command("compare", again, corpus)),
    ]


def _first_real(config: CompareConfig) -> Path | None:
    """Return the first real clip that was kept, which a model can continue."""
    return next(kept_clips(CompareFolder(config.out), "real"), None)


def _pair_text(pair: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers of a comparison, and the name of its score with the direction that is better."""
    name = next((kind.name for kind in KINDS if kind.key == pair["score"]), pair["score"])
    return pair_text(pair) | {"score": name, "better": f"{pair['better']} is better"}


def _listening(folder: CompareFolder, names: Sequence[str], scores: Scores) -> dict[str, Any]:
    """Return what the page needs to play the kept clips; no rows if there are none."""
    folders = {"real": "real"} | {name: ArmSpec.parse(name, known=KNOWN_ARMS).folder for name in names}
    kept = {name: list(kept_clips(folder, place)) for name, place in folders.items()}
    count = min(map(len, kept.values()))
    rows, rate = [], 1
    for row in range(count):
        clips = []
        for number, (name, paths) in enumerate(kept.items()):
            sound, rate = soundfile.read(paths[row], dtype="float32")
            file = paths[row].relative_to(folder.path).as_posix()
            clips.append(Clip(arm=number - 1, name=name, waveform=sound, file=file))
        rows.append(clips)
    return listening(rows, sample_rate=rate, prompt_seconds=float(scores["about"]["opening_seconds"]))


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
    changed = {name: value for name, value in settings.items() if name in SHOWN and value is not None}
    return [
        ("base", settings["base"]),
        ("each arm", budget),
        ("seeds", ", ".join(str(seed) for seed in scores["seeds"])),
        ("clips", f"{about['clips']} of {about['clip_seconds']:g} s for each arm and seed"),
        ("corpus", f"fingerprint {settings['corpus'][:16]}"),
        *((name.replace("_", " "), str(value)) for name, value in changed.items()),
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
