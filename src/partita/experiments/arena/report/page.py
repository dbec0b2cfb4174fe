"""The arena's page: one self-contained HTML file with players, tables and charts.

The text of the page is in `reports/templates/arena.html.j2`. This file knows the keys of `scores.json` and
computes no scores.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from partita.experiments.arena.comparisons import CONTROL
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.report.kept_clips import kept_clips
from partita.experiments.arena.report.kinds import KINDS, LOWER
from partita.experiments.arena.report.plots import divergence_plane, outside_the_plane, temperature_curves
from partita.experiments.arena.report.sentences import best_arm, sentences
from partita.experiments.arm_spec import STEER, ArmSpec
from partita.experiments.command_line import experiment_command
from partita.reports.listening import listening
from partita.reports.next_steps import Step, command
from partita.reports.page import write_page
from partita.reports.pair_text import pair_text
from partita.reports.score_table import score_rows
from partita.reports.templating import render_template
from partita.training.config.arms import ARMS

Scores = Mapping[str, Any]


def write_arena_page(config: ArenaConfig, scores: Scores) -> Path:
    """Write `report.html` in the folder of an arena and return its path.

    Args:
        config: the arena.
        scores: the result of `arena`.
    """
    return write_page(config.out / "report.html", render_arena_page(config, scores))


def render_arena_page(config: ArenaConfig, scores: Scores) -> str:
    """Return the page's HTML, with all text escaped.

    Args:
        config: the arena, whose folder holds the clips.
        scores: the result of `arena`.
    """
    arms = scores["arms"]
    rows, rate, prompt_seconds = kept_clips(ArenaFolder(config.out), list(arms))
    page = {
        "title": "Which training comes nearest to a known sound?",
        "sentences": sentences(scores),
        "steps": _steps(config, scores),
        "scores": scores,
        "arms": list(arms),
        "score_rows": score_rows(list(arms.values()), KINDS),
        "plane": divergence_plane(scores),
        "outside": outside_the_plane(scores),
        "charts": temperature_curves(scores),
        "pairs": [(pair | {"primary": False}, _pair_text(pair)) for pair in scores["pairs"]],
        "facts": _facts(scores),
        "arm_facts": [(arm, _arm_facts(scores, arm)) for arm in arms],
        "commands": [experiment_command("arena", config)],
        **listening(rows, sample_rate=rate, prompt_seconds=prompt_seconds),
    }
    return render_template("arena.html.j2", page)


def _steps(config: ArenaConfig, scores: Scores) -> list[Step]:
    """Return what to do after an arena: draw from the best student, and ask the question on recordings."""
    folder, best = ArenaFolder(config.out), best_arm(scores)
    spec = ArmSpec.parse(scores["choices"][best]["settings"])
    run = folder.run(spec, config.first_seed)
    corpus = config.corpus or folder.sound
    out = config.out
    real_arms = [arm for arm in scores["arms"] if arm in ARMS and not ARMS[arm].is_twin and arm != CONTROL]
    steps = [
        Step(
            "Draw from the teacher",
            command(
                "generate", config.teacher or folder.teacher, "--seconds", 20, "--out", out / "teacher.wav"
            ),
        ),
        Step(
            "Ask on recordings",
            command("compare", corpus, "--arms", *(real_arms or ["report"]), "--out", out / "comparison"),
        ),
        Step(
            "Go on, or evaluate more arms",
            experiment_command("arena", config),
        ),
    ]
    if spec.arm != STEER:
        drawn = command("generate", run, "--seconds", 20, "--out", out / "student.wav")
        steps.insert(0, Step(f"Draw from a student of {best}", drawn))
    return steps


def _pair_text(pair: Scores) -> dict[str, str]:
    """Return the numbers of a comparison, and the name of its score."""
    name = next((kind.name for kind in KINDS if kind.key == pair["score"]), pair["score"])
    return pair_text(pair) | {"score": name, "better": LOWER}


def _facts(scores: Scores) -> list[tuple[str, str]]:
    """Return (name, value) pairs about the arena: students, settings and versions."""
    made = scores.get("made", {"settings": {}, "versions": {}})
    settings = {name: value for name, value in made["settings"].items() if value is not None}
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return [
        ("students", ", ".join(str(seed) for seed in scores["seeds"])),
        *((name.replace("_", " "), _text(value)) for name, value in settings.items()),
        *([("versions", versions)] if versions else []),
    ]


def _text(value: Any) -> str:
    """Return a setting as text.

    >>> _text([1.0, 0.9]), _text(4_000_000)
    ('1, 0.9', '4,000,000')
    """
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _arm_facts(scores: Scores, arm: str) -> list[tuple[str, str]]:
    """Return (name, value) pairs about an arm: what was chosen, its judge, and its training."""
    choice = scores["choices"][arm]
    facts = [("settings", choice["settings"]), ("temperature", f"{choice['temperature']:g}")]
    if arm in scores["agreement"]:
        agreement = scores["agreement"][arm]["value"]
        facts.append(("judge’s agreement", f"{agreement:.2f}, the correlation with the exact log-ratio"))
    if arm in scores["heard"]:
        facts.append(("judge active", f"in {_percent(scores['heard'][arm])} of updates"))
    if arm in scores["told_right"]:
        facts.append(("discriminator’s accuracy", _percent(scores["told_right"][arm])))
    training = scores["training"][arm]
    return facts + [(name.replace("_", " "), f"{value:,.0f}") for name, value in training.items()]


def _percent(shares: list[float | None]) -> str:
    """Return the mean of the known shares.

    >>> _percent([0.5, None, 0.7])
    '60%'
    """
    return f"{np.mean([share for share in shares if share is not None]):.0%}"
