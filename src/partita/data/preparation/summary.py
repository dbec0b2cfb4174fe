"""What `prepare` tells the user about a corpus: skipped files, notes, warnings, and what each split holds.

This module writes the lines only. The splits are chosen in `splits.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from partita.data.preparation.splits import Recording, SplitPart, SplitRules

LINES_PER_NOTE = 3  # recordings with the same note that get a line each; more of them share one line
NAMES_PER_LINE = 10  # names on such a shared line; the others are counted
SHORT_TRAINING_S = 60.0  # less training sound than this gives a warning
LARGE_HELD_OUT = 0.4  # a larger share of the sound held out by an option gives a warning


def corpus_notes(index: dict[str, Any]) -> list[str]:
    """Return lines on the skipped files, the notes on the others, and the warnings.

    Args:
        index: the index of a corpus that was just prepared.

    >>> corpus_notes({"skipped": [{"source": "a.txt", "reason": "empty"}], "files": [], "warnings": []})
    ['skipped a.txt: empty']
    """
    notes = ((file["source"], file["note"]) for file in index["files"] if file.get("note"))
    return [
        *(f"skipped {skipped['source']}: {skipped['reason']}" for skipped in index["skipped"]),
        *(f"note {line}" for line in group_notes(notes)),
        *(f"warning: {warning}" for warning in index["warnings"]),
    ]


def group_notes(notes: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each note on a recording, and one line for a note on many recordings.

    Args:
        notes: (name of the recording, note) pairs.

    >>> group_notes([("a.wav", "cut off")])
    ['a.wav: cut off']
    >>> group_notes((f"{n}.wav", "8000 Hz") for n in range(5))
    ['0.wav, 1.wav, 2.wav, 3.wav and 4.wav: 8000 Hz']
    >>> group_notes((f"{n}.wav", "8000 Hz") for n in range(1200))
    ['0.wav, 1.wav, 2.wav, 3.wav, 4.wav, 5.wav, 6.wav, 7.wav, 8.wav, 9.wav and 1,190 others: 8000 Hz']
    """
    names_of: dict[str, list[str]] = {}
    for name, note in notes:
        names_of.setdefault(note, []).append(name)
    lines = []
    for note, names in names_of.items():
        if len(names) > LINES_PER_NOTE:
            listed = len(names) - 1 if len(names) <= NAMES_PER_LINE + 1 else NAMES_PER_LINE
            rest = names[-1] if listed == len(names) - 1 else f"{len(names) - listed:,} others"
            lines.append(f"{', '.join(names[:listed])} and {rest}: {note}")
        else:
            lines += [f"{name}: {note}" for name in names]
    return lines


def held_out_lines(
    parts: Sequence[SplitPart], recordings: Sequence[Recording], rules: SplitRules, sample_rate: int
) -> list[str]:
    """Return a line for each held-out split: its length, its recordings, and the option that chooses it.

    Args:
        parts: what `assign_splits` returned.
        recordings: the recordings that were given to it.
        rules: the rules that were given to it.
        sample_rate: Hz.

    >>> rules = SplitRules(test=("b.wav",), validation=(), validation_seconds=None, gap=1.0, seed=0)
    >>> recordings = [Recording("a.wav", 90_000), Recording("b.wav", 10_000)]
    >>> parts = [SplitPart("a.wav", "validation", 81_000, 90_000), SplitPart("b.wav", "test", 0, 10_000)]
    >>> for line in held_out_lines(parts, recordings, rules, 1000): print(line)
    validation: 9.0 s (9%) from the end of a.wav; choose it yourself with --validation or --validation-seconds
    test: 10 s (10%) from b.wav, as --test says
    """
    remedy = {
        "test": "; choose it yourself with --test",
        "validation": "; choose it yourself with --validation or --validation-seconds",
    }
    total = sum(recording.samples for recording in recordings)
    lines = []
    for split, option in _options(rules).items():
        samples = _count_samples(parts, split)
        how = f", as {option} says" if option else remedy[split]
        if not samples:
            lines.append(f"{split}: nothing{how}")
            continue
        what = _describe([part for part in parts if part.split == split], recordings)
        lines.append(f"{split}: {_seconds(samples / sample_rate)} ({samples / total:.0%}) from {what}{how}")
    return lines


def split_warnings(
    parts: Sequence[SplitPart], recordings: Sequence[Recording], rules: SplitRules, sample_rate: int
) -> list[str]:
    """Return warnings about large held-out splits and about little training sound.

    Args:
        parts: what `assign_splits` returned.
        recordings: the recordings that were given to it.
        rules: the rules that were given to it.
        sample_rate: Hz.

    >>> rules = SplitRules(test=(), validation=(), validation_seconds=None, gap=1.0, seed=0)
    >>> split_warnings([SplitPart("a.wav", "train", 0, 3000)], [Recording("a.wav", 3000)], rules, 1000)
    ['3.0 s of training sound: a model learns little from less than a few minutes, add recordings']
    """
    lines = []
    total = sum(recording.samples for recording in recordings)
    for split, option in _options(rules).items():
        share = _count_samples(parts, split) / total
        if option and share > LARGE_HELD_OUT:
            lines.append(
                f"{option} holds out {share:.0%} of the sound, which leaves little to train on: hold out less"
            )
    training = _count_samples(parts, "train") / sample_rate
    if training < SHORT_TRAINING_S:
        lines.append(
            f"{_seconds(training)} of training sound: a model learns little from less than a few minutes,"
            " add recordings"
        )
    return lines


def _options(rules: SplitRules) -> dict[str, str | None]:
    """Return the option that chose each held-out split, None for a split that was chosen by seed."""
    validation = "--validation" if rules.validation else None
    if rules.validation_seconds is not None:
        validation = "--validation-seconds"
    return {"validation": validation, "test": "--test" if rules.test else None}


def _count_samples(parts: Sequence[SplitPart], split: str) -> int:
    return sum(part.stop - part.start for part in parts if part.split == split)


def _describe(parts: Sequence[SplitPart], recordings: Sequence[Recording]) -> str:
    """Return which recordings, or which part of one, a split holds, in words."""
    lengths = {recording.name: recording.samples for recording in recordings}
    whole = [part.name for part in parts if part.stop - part.start == lengths[part.name]]
    phrases = whole if len(whole) < 2 else [f"{len(whole)} recordings"]
    whole_names = set(whole)
    for part in parts:
        if part.name not in whole_names:
            where = "the end of" if part.stop == lengths[part.name] else "a stretch of"
            phrases.append(f"{where} {part.name}")
    return " and ".join(phrases)


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
