"""Assign recordings, or stretches of them, to the training, validation and test splits.

Neighbouring stretches of one recording resemble each other, so whole recordings are held out where they make
about a tenth of the time for each split. Otherwise contiguous blocks of time are held out, with a gap between
them. This module opens no files: a recording is a name and a number of samples.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from partita.data.preparation.name_patterns import RecordingNames
from partita.errors import PartitaError

HELD_OUT = 0.1  # share of the time for each split that no option chooses
MAX_HELD_OUT = 0.15  # a split of whole recordings with a larger share becomes a block of time
# for validation and test together: 8 or 16 equal recordings can only be held out by twos and fours, a quarter
MAX_BOTH_HELD_OUT = 0.25
SHORTEST_SPLIT_S = 0.1
NOTHING = "none"
"""The word of `test` for a corpus without a test split, to train a model that is scored on other sound."""


@dataclass(frozen=True, kw_only=True)
class SplitRules:
    """What the user asked for; the fields are those of `PrepareConfig`."""

    test: tuple[str, ...]
    validation: tuple[str, ...]
    validation_seconds: float | None
    gap: float
    seed: int

    @property
    def without_test(self) -> bool:
        """Whether there is to be no test split."""
        return self.test == (NOTHING,)


@dataclass(frozen=True)
class Recording:
    """A recording to assign: its name, and how many of its samples are in the corpus."""

    name: str
    samples: int


@dataclass(frozen=True)
class SplitPart:
    """A range of a recording's samples that belongs to one split.

    Args:
        name: name of the recording.
        split: "train", "validation" or "test".
        start: first sample, counted in the recording's samples that are in the corpus.
        stop: one past the last sample.
    """

    name: str
    split: str
    start: int
    stop: int


def check_patterns(rules: SplitRules, names: Sequence[str]) -> None:
    """Check the patterns of the held-out splits before any recording is decoded.

    Args:
        rules: what the user asked for.
        names: names of the recordings; empty to check only that the options go together.

    Raises:
        PartitaError: a pattern matches no recording, or a recording is claimed by both splits.
    """
    if names:
        _claimed_splits(rules, names, names)
    if rules.validation and rules.validation_seconds is not None:
        raise PartitaError("`validation` and `validation_seconds` exclude each other: give one of them")


def assign_splits(
    recordings: Sequence[Recording], rules: SplitRules, sample_rate: int, *, skipped: Sequence[str] = ()
) -> list[SplitPart]:
    """Assign every recording to splits; every split gets at least one part, unless `test` is "none".

    Args:
        recordings: the recordings to assign.
        rules: what the user asked for.
        sample_rate: Hz.
        skipped: names of recordings that can't be used: a word that is such a name is not read as a glob.

    Returns:
        The parts, in the order of the recordings, then of time.

    Raises:
        PartitaError: a pattern matches no recording, or there is not enough sound for three splits.
    """
    check_patterns(rules, ())
    names = [recording.name for recording in recordings]
    claimed = _claimed_splits(rules, names, [*names, *skipped])
    parts = [_whole(r, claimed[r.name]) for r in recordings if r.name in claimed]
    rest = [r for r in recordings if r.name not in claimed]
    if not rest:
        raise PartitaError("`test` and `validation` take every recording: leave at least one to train on")
    missing = [split for split in ("test", "validation") if not any(p.split == split for p in parts)]
    wanted = [split for split in missing if split != "test" or not rules.without_test]
    order = {recording.name: place for place, recording in enumerate(recordings)}
    parts += _assign_rest(rest, wanted, rules, sample_rate)
    return sorted(parts, key=lambda part: (order[part.name], part.start))


def _claimed_splits(rules: SplitRules, usable: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return {name: split} for the recordings that the words of `--test` and `--validation` find."""
    claimed: dict[str, str] = {}
    names, among = RecordingNames(known), set(usable)
    test = () if rules.without_test else rules.test
    for split, words in (("test", test), ("validation", rules.validation)):
        for word in words:
            found = names.find(word) & among
            if not found:
                raise PartitaError(
                    f"`{split}` is {word!r}, which fits no usable recording: use a name like {min(usable)!r}"
                )
            if twice := [name for name in found if claimed.get(name, split) != split]:
                raise PartitaError(
                    f"{min(twice)} fits both `test` and `validation`: change one of the two patterns"
                )
            claimed |= dict.fromkeys(found, split)
    return claimed


def _whole(recording: Recording, split: str) -> SplitPart:
    return SplitPart(recording.name, split, 0, recording.samples)


def _assign_rest(
    rest: list[Recording], wanted: list[str], rules: SplitRules, sample_rate: int
) -> list[SplitPart]:
    """Assign the recordings that no pattern claims; `wanted` are the splits that are still empty."""
    seconds = rules.validation_seconds
    total = sum(r.samples for r in rest)
    blocks = {split: round(HELD_OUT * total) for split in wanted}
    if seconds is not None:
        blocks["validation"] = round(seconds * sample_rate)
    if len(rest) <= len(wanted):
        return _assign_blocks(rest, blocks, rules.gap, sample_rate)
    chosen = _choose_whole(rest, [s for s in wanted if s != "validation" or seconds is None], rules.seed)
    blocks = _splits_to_cut(rest, chosen, blocks, rules, sample_rate)
    chosen = {name: split for name, split in chosen.items() if split not in blocks}
    training = [r for r in rest if r.name not in chosen]
    parts = [_whole(r, chosen[r.name]) for r in rest if r.name in chosen]
    if blocks:
        return parts + _assign_blocks(training, blocks, rules.gap, sample_rate)
    if seconds is None:
        return parts + [_whole(r, "train") for r in training]
    return parts + _hold_out_seconds(training, round(seconds * sample_rate), rules, sample_rate)


def _splits_to_cut(
    rest: list[Recording],
    chosen: dict[str, str],
    blocks: dict[str, int],
    rules: SplitRules,
    sample_rate: int,
) -> dict[str, int]:
    """Return the splits that become blocks of time, with their lengths; empty if whole recordings are better.

    Args:
        rest: the recordings that no pattern claims.
        chosen: the recordings among them to hold out whole, with their splits.
        blocks: the length of each split as a block, in samples.
        rules: what the user asked for.
        sample_rate: Hz.
    """
    total = sum(r.samples for r in rest)
    whole = dict.fromkeys(chosen.values(), 0)
    for recording in rest:
        if recording.name in chosen:
            whole[chosen[recording.name]] += recording.samples
    large = [split for split in whole if whole[split] > MAX_HELD_OUT * total]
    if sum(blocks[s] if s in large else whole[s] for s in whole) > MAX_BOTH_HELD_OUT * total:
        large = list(whole)
    if not large:
        return {}
    cut = {split: length for split, length in blocks.items() if split in large or split not in whole}
    gain = sum(whole.get(split, length) for split, length in cut.items()) - sum(cut.values())
    gaps = len(cut) * round(rules.gap * sample_rate)
    uncut = sum(whole[split] for split in whole if split not in cut)
    shortest = min(*cut.values(), total - uncut - sum(cut.values()) - gaps)  # of the blocks and training
    # blocks help only if they leave more training sound than whole recordings do
    return cut if gain > gaps and shortest >= SHORTEST_SPLIT_S * sample_rate else {}


def _choose_whole(recordings: list[Recording], wanted: list[str], seed: int) -> dict[str, str]:
    """Choose recordings to hold out whole, by seed, until each split has its share of the time.

    The order depends on the seed and on each name alone, so adding or removing a recording moves few others.

    Returns:
        {name: split}.
    """
    queue = _by_seed(recordings, seed)
    total = sum(r.samples for r in recordings)
    chosen: dict[str, str] = {}
    for place, split in enumerate(wanted):
        reserved = len(wanted) - place  # one recording for each later split, one for training
        taken = 0
        while len(queue) > reserved and (taken == 0 or taken + queue[0].samples / 2 < HELD_OUT * total):
            recording = queue.pop(0)
            chosen[recording.name] = split
            taken += recording.samples
    return chosen


def _by_seed(recordings: list[Recording], seed: int) -> list[Recording]:
    return sorted(recordings, key=lambda r: hashlib.sha256(f"{seed}/splits/{r.name}".encode()).digest())


def _hold_out_seconds(
    training: list[Recording], needed: int, rules: SplitRules, sample_rate: int
) -> list[SplitPart]:
    """Hold out `needed` samples for validation.

    They are the end of the longest recording if it is long enough, else whole short recordings and the end of
    one more.
    """
    longest = max(training, key=lambda r: r.samples)
    gap = round(rules.gap * sample_rate)
    whole = [] if longest.samples > needed + gap else _by_seed(training, rules.seed)
    held: list[Recording] = []
    while whole and whole[0].samples <= needed:
        held.append(whole.pop(0))
        needed -= held[-1].samples
    cut = None
    if needed >= SHORTEST_SPLIT_S * sample_rate:
        cut = whole[0] if whole else None if held else longest  # a recording held out whole is not cut too
    names = {r.name for r in held}
    parts = [_whole(r, "validation") for r in held]
    for recording in training:
        if recording is cut:
            edge = recording.samples - needed
            parts.append(SplitPart(recording.name, "validation", edge, recording.samples))
            if edge > gap:
                parts.append(SplitPart(recording.name, "train", 0, edge - gap))
        elif recording.name not in names:
            parts.append(_whole(recording, "train"))
    if not any(part.split == "train" for part in parts):
        raise PartitaError(
            f"`validation_seconds` is {rules.validation_seconds}, which leaves no training: ask for less"
        )
    return parts


def _assign_blocks(
    recordings: list[Recording], lengths: dict[str, int], gap_s: float, sample_rate: int
) -> list[SplitPart]:
    """Lay the recordings end to end and cut them into training, validation and test, with gaps between."""
    total, gap = sum(r.samples for r in recordings), round(gap_s * sample_rate)
    ranges: list[tuple[str, int, int]] = []
    stop = total
    for split in ("test", "validation"):
        if split in lengths:
            ranges.append((split, stop - lengths[split], stop))
            stop -= lengths[split] + gap
    ranges.append(("train", 0, stop))
    if min(b - a for _, a, b in ranges) < SHORTEST_SPLIT_S * sample_rate:
        raise PartitaError(
            f"{total / sample_rate:.1f} s of sound are too little for blocks of training, validation and"
            f" test with a `gap` of {gap_s} s between them: give more recordings, or a smaller gap"
        )
    parts = []
    begin = 0
    for recording in recordings:
        for split, a, b in ranges:
            start, end = max(a - begin, 0), min(b - begin, recording.samples)
            if start < end:
                parts.append(SplitPart(recording.name, split, start, end))
        begin += recording.samples
    return parts
