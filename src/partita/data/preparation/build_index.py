"""Build the index of a corpus from the prepared files: segments, splits, labels, skipped files, fingerprint.

This module writes no files.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partita.audio.features.layout import hop_length_for
from partita.data.index import FORMAT, fingerprint
from partita.data.notes.kept import KeptNotes
from partita.data.preparation.labels import label_parser, read_label
from partita.data.preparation.recording import SoundSettings
from partita.data.preparation.splits import Recording, SplitPart, SplitRules, assign_splits
from partita.data.preparation.summary import held_out_lines, split_warnings
from partita.data.prepared_file import PreparedFile
from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """What the index depends on beside the prepared files.

    Args:
        root: the folder that the names of recordings are relative to.
        sound: how the recordings were prepared.
        rules: how they are split.
        labels: pattern of the labels, or None.
    """

    root: Path
    sound: SoundSettings
    rules: SplitRules
    labels: str | None


def build_index(
    files: list[PreparedFile],
    settings: IndexSettings,
    warnings: Sequence[str] = (),
    notes: KeptNotes | None = None,
) -> dict[str, Any]:
    """Return the content of `index.json` without `store`, `pitch_store` and `digest`.

    Args:
        files: every source, prepared or skipped.
        settings: how to split and label them.
        warnings: earlier warnings, which the index repeats.
        notes: the notes of the recordings, if they are kept.

    Raises:
        PartitaError: no file can be used, the splits can't be made, or the label pattern matches no name.
    """
    usable = [file for file in files if file.reason is None]
    skipped = [{"source": f.source, "reason": f.reason} for f in files if f.reason is not None]
    if not usable:
        first = skipped[0]
        raise PartitaError(
            f"no usable recording among {len(files)} ({first['source']}: {first['reason']}): give others"
        )
    lengths, rate = [Recording(f.source, f.samples) for f in usable], settings.sound.sample_rate
    parts = assign_splits(lengths, settings.rules, rate, skipped=[entry["source"] for entry in skipped])
    recordings = _recordings(usable, parts, settings)
    _check_labels(recordings, settings.labels)
    index = {
        "format": FORMAT,
        "sample_rate": rate,
        "samples": sum(f.samples for f in usable),
        "sound": settings.sound.as_json(),
        "pitch_hop_length": hop_length_for(rate),
        "gap": settings.rules.gap,
        "splits": json.loads(json.dumps(asdict(settings.rules))),
        "labels": settings.labels,
        **({"notes": notes.name} if notes is not None else {}),
        "root": str(settings.root),
        "recordings": recordings,
        "held_out": held_out_lines(parts, lengths, settings.rules, rate),
        "warnings": [*warnings, *split_warnings(parts, lengths, settings.rules, rate)],
        "skipped": skipped,
        "files": [file.as_json() for file in files],
    }
    return {**index, "fingerprint": fingerprint(index)}


def _recordings(
    usable: list[PreparedFile], parts: list[SplitPart], settings: IndexSettings
) -> list[dict[str, Any]]:
    """Return the entries of `recordings`, one for each part."""
    places = {}
    offset = 0
    for file in usable:
        places[file.source] = (file, offset)
        offset += file.samples
    parser = label_parser(settings.labels) if settings.labels else None
    return [
        {
            "source": part.name,
            "split": part.split,
            "label": read_label(parser, part.name) if parser else None,
            "segments": _segments(*places[part.name], part, settings.sound.sample_rate),
        }
        for part in parts
    ]


def _segments(file: PreparedFile, offset: int, part: SplitPart, sample_rate: int) -> list[dict[str, Any]]:
    """Return the segments of one part: the file's stretches, limited to the part.

    Args:
        file: the file of the recording.
        offset: samples from the start of the store to the recording.
        part: a range of the recording's samples.
        sample_rate: Hz.
    """
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
        raise PartitaError(
            f"`labels` is {labels!r}, which fits no name: write a pattern for names like"
            f" {recordings[0]['source']!r}"
        )
