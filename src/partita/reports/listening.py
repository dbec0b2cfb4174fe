"""Players of clips with spectrograms, as a page embeds them, and the same clips as files beside the page.

A page stays under 10 MB: clips that do not fit are links to their files. This file draws no clips.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.encoding import encode
from partita.audio.level import PEAK_DBFS, normalise_peak
from partita.audio.output_formats import format_of
from partita.audio.pcm import to_int16
from partita.generated_folders import is_generated, mark_generated
from partita.reports.audio_data import flac_data_url
from partita.reports.spectrogram_images import (
    RANGE_DB,
    decibels,
    frequency_ticks,
    png_data_url,
    spectrogram_png,
    time_ticks,
)

REAL = -1  # index of the real sound in place of that of an arm
FOLDER = "clips"  # beside the page
EMBEDDED_BYTES = 8_000_000
"""The most bytes of sound and pictures in a page, so that the whole page stays under 10 MB."""

Waveform = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip with its prompt.

    Args:
        arm: index of the arm, which selects the colour; -1 for real sound.
        name: of the arm, or "real".
        waveform: (samples,) float in [-1, 1], the prompt first.
        file: path of the clip's file, relative to the page.
    """

    arm: int
    name: str
    waveform: Waveform
    file: str


def clip_file(row: int, name: str, column: int, *, folder: str = FOLDER) -> str:
    """Return the path of a clip's file, relative to the page.

    Args:
        row: number of the prompt, from 0.
        name: of the arm; characters that a file name can't have become hyphens.
        column: index of the arm, which makes names distinct that differ in such characters only.
        folder: beside the page.

    >>> clip_file(0, "likelihood", 0), clip_file(1, "report:adversary.weight=0.3", 2)
    ('clips/prompt-1-likelihood.wav', 'clips/prompt-2-report-adversary-weight-0-3-3.wav')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    distinct = plain if plain == name else f"{plain}-{column + 1}"
    return f"{folder}/prompt-{row + 1}-{distinct}.wav"


def write_clips(folder: Path, clips: Iterable[Clip], sample_rate: int) -> None:
    """Write clips as files, at the level at which a page plays them.

    Args:
        folder: the page's folder.
        clips: the clips.
        sample_rate: Hz.
    """
    for clip in clips:
        path = folder / clip.file
        if not is_generated(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            mark_generated(path.parent, "Clips of models and excerpts of recordings, for a page of Partita.")
        encode(
            path,
            [to_int16(_played(clip))],
            form=format_of(path),
            sample_rate=sample_rate,
            note="made by Partita" if clip.name != "real" else "an excerpt of a recording, cut by Partita",
        )


def listening(rows: Sequence[Sequence[Clip]], *, sample_rate: int, prompt_seconds: float) -> dict[str, Any]:
    """Return what a template needs to play clips and to show their spectrograms.

    Args:
        rows: for each prompt the real sound, then the clip of each arm; all of one length.
        sample_rate: Hz.
        prompt_seconds: length of the prompts, in seconds.
    """
    if not rows:
        return {"rows": []}
    seconds = len(rows[0][0].waveform) / sample_rate
    top = max(float(decibels(row[0].waveform, sample_rate).max()) for row in rows)
    left, shown = EMBEDDED_BYTES, []
    for row in rows:
        cells = []
        for clip in row:
            cell = _embedded(clip, sample_rate, top)
            size = len(cell["sound"]) + len(cell["picture"])
            left -= size
            cells.append(cell if left >= 0 else cell | {"sound": "", "picture": ""})
        shown.append(cells)
    return {
        "rows": shown,
        "seconds": seconds,
        "prompt_seconds": prompt_seconds,
        "prompt_share": prompt_seconds / seconds,
        "time_ticks": time_ticks(seconds),
        "frequency_ticks": frequency_ticks(sample_rate),
        "range_db": RANGE_DB,
        "peak_dbfs": PEAK_DBFS,
        "folder": Path(rows[0][0].file).parts[0],
    }


def _embedded(clip: Clip, sample_rate: int, top_db: float) -> dict[str, Any]:
    picture = spectrogram_png(clip.waveform, sample_rate, top_db=top_db)
    return {
        "arm": clip.arm,
        "name": clip.name,
        "file": clip.file,
        "sound": flac_data_url(_played(clip), sample_rate),
        "picture": png_data_url(picture),
    }


def _played(clip: Clip) -> NDArray[np.floating[Any]]:
    """Return the clip at the level at which it is played."""
    return normalise_peak(clip.waveform, PEAK_DBFS)
