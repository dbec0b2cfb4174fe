"""The report: one self-contained HTML file with audio players, spectrograms, learning curves and scores.

The page needs no network and no other files, and it works without scripts. This file prepares the data; the
text and the style of the page are in `templates/report.html.j2`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita import storage
from partita.audio.level import PEAK_DBFS, normalise_peak
from partita.evaluation.clips import RealClips
from partita.reports.audio_data import flac_data_url
from partita.reports.curves import learning_charts
from partita.reports.score_table import score_rows
from partita.reports.spectrogram_images import (
    RANGE_DB,
    decibels,
    frequency_ticks,
    png_data_url,
    spectrogram_png,
    time_ticks,
)
from partita.reports.templating import render_template

REAL = -1  # index of the real sound in place of that of an arm
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
        lead: a paragraph on what is compared.
        real: the prompts and their real continuations.
        arms: one or more arms, with continuations of the same prompts.
        facts: (name, value) pairs: corpus, splits, seeds, versions, ...
        recordings: (source, split, length) of each recording.
        commands: commands that reproduce the report.
        shown: number of prompts on the page.
    """

    title: str
    lead: str
    real: RealClips
    arms: list[ArmReport]
    facts: list[tuple[str, str]] = field(default_factory=list)
    recordings: list[tuple[str, str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    shown: int = 6


def write_report(path: str | Path, data: ReportData) -> Path:
    """Write the report to a file, complete or not at all, and return its path.

    Args:
        path: the HTML file; its folder is created if necessary.
        data: the content.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.write_text(path, render_report(data))
    return path


def render_report(data: ReportData) -> str:
    """Return the report as HTML; all text in `data` is escaped."""
    assert data.arms, "a report needs an arm"
    return render_template("report.html.j2", _page(data))


def _page(data: ReportData) -> dict[str, Any]:
    prompt, continuation = data.real.prompts.shape[1], data.real.continuations.shape[1]
    seconds = (prompt + continuation) / data.real.sample_rate
    warnings = {warning: None for arm in data.arms for warning in arm.scores.get("warnings", [])}
    return {
        "data": data,
        "rows": _rows(data),
        "prompt_share": prompt / (prompt + continuation),
        "prompt_seconds": prompt / data.real.sample_rate,
        "seconds": seconds,
        "time_ticks": time_ticks(seconds),
        "frequency_ticks": frequency_ticks(data.real.sample_rate),
        "range_db": RANGE_DB,
        "peak_dbfs": PEAK_DBFS,
        "score_rows": score_rows([arm.scores for arm in data.arms]),
        "warnings": list(warnings),
        "charts": learning_charts([(arm.name, arm.metrics) for arm in data.arms]),
        "envelope": _envelope(np.concatenate([data.real.prompt_waveforms[0], data.arms[0].clips[0]])),
    }


def _rows(data: ReportData) -> list[list[dict[str, Any]]]:
    """Return the table of clips: one row for each prompt, with the real sound first, then the arms."""
    columns = [(REAL, "real", data.real.waveforms)]
    columns += [(number, arm.name, arm.clips) for number, arm in enumerate(data.arms)]
    shown, rate = min(data.shown, len(data.real.prompts)), data.real.sample_rate
    prompts = data.real.prompt_waveforms[:shown]
    top = max(
        float(decibels(np.concatenate([prompt, real]), rate).max())
        for prompt, real in zip(prompts, data.real.waveforms, strict=False)
    )
    return [
        [_clip(arm, name, np.concatenate([prompt, clips[row]]), rate, top) for arm, name, clips in columns]
        for row, prompt in enumerate(prompts)
    ]


def _clip(arm: int, name: str, waveform: Waveform, sample_rate: int, top_db: float) -> dict[str, Any]:
    return {
        "arm": arm,
        "name": name,
        "sound": flac_data_url(normalise_peak(waveform), sample_rate),
        "picture": png_data_url(spectrogram_png(waveform, sample_rate, top_db=top_db)),
    }


def _envelope(waveform: Waveform) -> list[float]:
    """Return the heights of the bars that display the loudness of a clip, 0 to 1."""
    bars = np.array([np.abs(part).max(initial=0) for part in np.array_split(waveform, BARS)])
    return [round(float(bar), 4) for bar in bars / max(float(bars.max()), 1e-9)]
