"""From prepared files to the index: segments, splits, labels, skipped files, fingerprint. Writes nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partita.data.corpus_writer import PreparedFile
from partita.data.index import FORMAT, fingerprint
from partita.data.preparation.labels import label_parser, read_label
from partita.data.preparation.parallel import sound_settings
from partita.data.preparation.recording import Sound
from partita.data.preparation.split_notes import held_out_lines, split_warnings
from partita.data.preparation.splits import Part, Recording, SplitRules, assign
from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the index needs beside the files.

    Args:
        root: the folder that names start from.
        sound: how recordings were prepared.
        rules: how they are split.
        labels: pattern for labels, or None.
    """

    root: Path
    sound: Sound
    rules: SplitRules
    labels: str | None


def build_index(files: list[PreparedFile], plan: Plan, warnings: Sequence[str] = ()) -> dict[str, Any]:
    """Return the content of `index.json`, the store's name and the digest excepted.

    Args:
        files: every source, prepared or skipped.
        plan: what else it takes.
        warnings: what a person is to know, beside what is found here.

    Raises:
        PartitaError: no file is usable, the splits don't work out, or the label pattern fits no name.
    """
    usable = [file for file in files if file.reason is None]
    skipped = [{"source": f.source, "reason": f.reason} for f in files if f.reason is not None]
    if not usable:
        raise PartitaError(
            f"no usable recording among {len(files)}; {skipped[0]['source']}: {skipped[0]['reason']}"
        )
    given, rate = [Recording(f.source, f.samples) for f in usable], plan.sound.sample_rate
    parts = assign(given, plan.rules, rate, unusable=[entry["source"] for entry in skipped])
    recordings = _recordings(usable, parts, plan)
    _check_labels(recordings, plan.labels)
    index = {
        "format": FORMAT,
        "sample_rate": rate,
        "samples": sum(f.samples for f in usable),
        "sound": sound_settings(plan.sound),
        "gap": plan.rules.gap,
        "splits": json.loads(json.dumps(asdict(plan.rules))),
        "labels": plan.labels,
        "root": str(plan.root),
        "recordings": recordings,
        "held_out": held_out_lines(parts, given, plan.rules, rate),
        "warnings": [*warnings, *split_warnings(parts, given, plan.rules, rate)],
        "skipped": skipped,
        "files": [file.as_json() for file in files],
    }
    return {**index, "fingerprint": fingerprint(index)}


def _recordings(usable: list[PreparedFile], parts: list[Part], plan: Plan) -> list[dict[str, Any]]:
    places = {}
    offset = 0
    for file in usable:
        places[file.source] = (file, offset)
        offset += file.samples
    parser = label_parser(plan.labels) if plan.labels else None
    return [
        {
            "source": part.name,
            "split": part.split,
            "label": read_label(parser, part.name) if parser else None,
            "segments": _segments(*places[part.name], part, plan.sound.sample_rate),
        }
        for part in parts
    ]


def _segments(file: PreparedFile, offset: int, part: Part, sample_rate: int) -> list[dict[str, Any]]:
    """Cut a file's stretches to one part of its kept samples."""
    segments = []
    begin = 0
    for start, length in file.stretches:
        first, last = max(part.start - begin, 0), min(part.stop - begin, length)
        if first < last:
            segments.append(
                {
                    "source_start_s": (start + first) / sample_rate,
                    "offset": offset + begin + first,
                    "length": last - first,
                }
            )
        begin += length
    return segments


def _check_labels(recordings: list[dict[str, Any]], labels: str | None) -> None:
    if labels is not None and all(recording["label"] is None for recording in recordings):
        raise PartitaError(f"`labels` is {labels!r}, which fits no name; one is {recordings[0]['source']!r}")
