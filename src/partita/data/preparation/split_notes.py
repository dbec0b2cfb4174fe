"""What a person is told about the splits of a corpus. Decides nothing: `splits.py` does."""

from collections.abc import Sequence

from partita.data.preparation.splits import Part, Recording, SplitRules

LITTLE_S = 60.0  # training sound below which a warning is given
MUCH = 0.4  # of the sound, held out as the caller asked, above which a warning is given


def held_out_lines(
    parts: Sequence[Part], recordings: Sequence[Recording], rules: SplitRules, sample_rate: int
) -> list[str]:
    """Return a line for each held-out split: how much it holds, of which recordings, and how to choose it.

    Args:
        parts: what `assign` returned.
        recordings: what it was given.
        rules: what it was asked for.
        sample_rate: Hz.

    >>> rules = SplitRules(test=("b.wav",), validation=(), validation_seconds=None, gap=1.0, seed=0)
    >>> recordings = [Recording("a.wav", 90_000), Recording("b.wav", 10_000)]
    >>> parts = [Part("a.wav", "validation", 81_000, 90_000), Part("b.wav", "test", 0, 10_000)]
    >>> for line in held_out_lines(parts, recordings, rules, 1000): print(line)
    validation: 9.0 s (9%) from the end of a.wav; choose it yourself with --validation or --validation-seconds
    test: 10 s (10%) from b.wav, as --test says
    """
    lines = []
    for split, option in _options(rules).items():
        samples = _samples(parts, split)
        share = samples / sum(recording.samples for recording in recordings)
        remedy = {
            "test": "; choose it yourself with --test",
            "validation": "; choose it yourself with --validation or --validation-seconds",
        }
        how = f", as {option} says" if option else remedy[split]
        what = _described([part for part in parts if part.split == split], recordings)
        lines.append(f"{split}: {_seconds(samples / sample_rate)} ({share:.0%}) from {what}{how}")
    return lines


def split_warnings(
    parts: Sequence[Part], recordings: Sequence[Recording], rules: SplitRules, sample_rate: int
) -> list[str]:
    """Return what a person should know about the splits before training; arguments as in `held_out_lines`.

    >>> rules = SplitRules(test=(), validation=(), validation_seconds=None, gap=1.0, seed=0)
    >>> split_warnings([Part("a.wav", "train", 0, 3000)], [Recording("a.wav", 3000)], rules, 1000)
    ['3.0 s of training sound: a model learns little from less than a few minutes']
    """
    lines = []
    total = sum(recording.samples for recording in recordings)
    for split, option in _options(rules).items():
        share = _samples(parts, split) / total
        if option and share > MUCH:
            lines.append(f"{option} holds out {share:.0%} of the sound, which leaves little to train on")
    training = _samples(parts, "train") / sample_rate
    if training < LITTLE_S:
        lines.append(
            f"{_seconds(training)} of training sound: a model learns little from less than a few minutes"
        )
    return lines


def _options(rules: SplitRules) -> dict[str, str | None]:
    """Return the option that chose each held-out split, None for one that nobody chose."""
    validation = "--validation" if rules.validation else None
    if rules.validation_seconds is not None:
        validation = "--validation-seconds"
    return {"validation": validation, "test": "--test" if rules.test else None}


def _samples(parts: Sequence[Part], split: str) -> int:
    return sum(part.stop - part.start for part in parts if part.split == split)


def _described(parts: Sequence[Part], recordings: Sequence[Recording]) -> str:
    """Say which recordings, or which part of one, a split holds."""
    lengths = {recording.name: recording.samples for recording in recordings}
    whole = [part.name for part in parts if part.stop - part.start == lengths[part.name]]
    pieces = whole if len(whole) < 2 else [f"{len(whole)} recordings"]
    known = set(whole)
    for part in parts:
        if part.name not in known:
            where = "the end of" if part.stop == lengths[part.name] else "a stretch of"
            pieces.append(f"{where} {part.name}")
    return " and ".join(pieces)


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
