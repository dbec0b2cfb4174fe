"""The report on one model or several that continue the same prompts: players, scores and learning curves.

The page is one self-contained HTML file, which needs no network, and it works without scripts. The same clips
are files beside it. This file prepares the data; the text of the page is in `templates/report.html.j2`, and
what only a demo says in `templates/demo.html.j2`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from partita.evaluation.clips import RealClips
from partita.reports.curves import common_start, learning_charts
from partita.reports.listening import REAL, Clip, clip_file, listening, write_clips
from partita.reports.next_steps import Step
from partita.reports.page import write_page
from partita.reports.score_table import score_rows
from partita.reports.templating import render_template

BARS = 180  # of the loudness display at the top of the page

Waveform = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ArmReport:
    """The part of the report on one arm.

    Args:
        name: name of the arm, as on the command line.
        summary: a sentence on how the arm is trained.
        scores: the scores, as `evaluate` returns them.
        clips: (clips, samples) continuations of the prompts, float in [-1, 1].
        metrics: metrics records of the run.
        facts: (name, value) pairs: steps, minutes, weights, ...
    """

    name: str
    summary: str
    scores: dict[str, Any]
    clips: Waveform
    metrics: list[dict[str, Any]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """All content of the report.

    Args:
        title: heading of the page.
        sentences: what it is, how it sounds, and what to do next, one sentence each.
        lead: a paragraph on how it was made.
        real: the prompts and their real continuations.
        arms: one or more arms, with continuations of the same prompts.
        steps: what to do next, with commands.
        facts: (name, value) pairs: corpus, splits, seeds, versions, ...
        recordings: (source, split, length) of each recording.
        commands: commands that reproduce the report.
        shown: number of prompts on the page.
        kind: "demo" for two arms of equal time from a common start, or "evaluation".
    """

    title: str
    sentences: tuple[str, str, str]
    real: RealClips
    arms: list[ArmReport]
    lead: str = ""
    steps: list[Step] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    recordings: list[tuple[str, str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    shown: int = 6
    kind: Literal["demo", "evaluation"] = "demo"


def write_report(path: str | Path, data: ReportData) -> Path:
    """Write the report and its clips, each file complete or not at all, and return the report's path.

    Args:
        path: the HTML file; its folder is created if necessary. The clips go to `clips` beside it.
        data: the content.
    """
    path = Path(path)
    rows = _rows(data)
    write_clips(path.parent, (clip for row in rows for clip in row), data.real.sample_rate)
    return write_page(path, render_report(data))


def render_report(data: ReportData) -> str:
    """Return the report as HTML; all text in `data` is escaped."""
    assert data.arms, "a report needs an arm"
    template = "demo.html.j2" if data.kind == "demo" else "report.html.j2"
    return render_template(template, _page(data))


def _page(data: ReportData) -> dict[str, Any]:
    warnings = {warning: None for arm in data.arms for warning in arm.scores.get("warnings", [])}
    prompt = data.real.prompts.shape[1] / data.real.sample_rate
    shared = common_start([arm.metrics for arm in data.arms])
    return {
        "data": data,
        "title": data.title,
        "sentences": data.sentences,
        "steps": data.steps,
        "arms": [arm.name for arm in data.arms],
        "score_rows": score_rows([arm.scores for arm in data.arms]),
        "warnings": list(warnings),
        "charts": learning_charts([(arm.name, arm.metrics) for arm in data.arms]),
        "has_common_start": shared > 0,
        "has_losses": any("discriminator_loss" in record for arm in data.arms for record in arm.metrics),
        "envelope": _envelope(np.concatenate([data.real.prompt_waveforms[0], data.arms[0].clips[0]])),
        **listening(_rows(data), sample_rate=data.real.sample_rate, prompt_seconds=prompt),
    }


def _rows(data: ReportData) -> list[list[Clip]]:
    """Return the clips of each prompt that is shown: the real sound first, then the arms."""
    columns = [(REAL, "real", data.real.waveforms)]
    columns += [(number, arm.name, arm.clips) for number, arm in enumerate(data.arms)]
    prompts = data.real.prompt_waveforms[: data.shown]
    return [
        [
            Clip(
                arm=arm,
                name=name,
                waveform=np.concatenate([prompt, clips[row]]),
                file=clip_file(row, name, arm),
            )
            for arm, name, clips in columns
        ]
        for row, prompt in enumerate(prompts)
    ]


def _envelope(waveform: Waveform) -> list[float]:
    """Return the heights of the bars that display the loudness of a clip, 0 to 1."""
    bars = np.array([np.abs(part).max(initial=0) for part in np.array_split(waveform, BARS)])
    return [round(float(bar), 4) for bar in bars / max(float(bars.max()), 1e-9)]
