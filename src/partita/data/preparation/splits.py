"""Which recording, or which stretch of one, is for training, which for validation and which for the test.

By recording where whole recordings hold out about a tenth of the time for each split, since neighbouring
stretches of one recording resemble each other; else by contiguous blocks of time with a gap between them.
Knows neither files nor samples: a recording is a name and lengths.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from partita.data.preparation.patterns import Names
from partita.errors import PartitaError

HELD_OUT = 0.1  # of the time, for each split that is not chosen by a glob
MOST = 0.15  # of the time, for one such split: whole recordings that take more give way to a block of time
# of the time, for both: 8 and 16 equal recordings are held out by twos and fours, a quarter together
MOST_TOGETHER = 0.25
SHORTEST_SPLIT_S = 0.1


@dataclass(frozen=True, kw_only=True)
class SplitRules:
    """What the caller asked for; see `PrepareConfig`, whose fields these are."""

    test: tuple[str, ...]
    validation: tuple[str, ...]
    validation_seconds: float | None
    gap: float
    seed: int


@dataclass(frozen=True)
class Recording:
    """A recording to be assigned: its name, and how many samples of it were kept."""

    name: str
    samples: int


@dataclass(frozen=True)
class Part:
    """A range of a recording's kept samples, and its split.

    Args:
        name: the recording's.
        split: "train", "validation" or "test".
        start: first kept sample.
        stop: past the last kept sample.
    """

    name: str
    split: str
    start: int
    stop: int


def check_globs(rules: SplitRules, names: Sequence[str]) -> None:
    """Refuse globs that fit no recording or that claim one recording twice, before hours of work.

    Raises:
        PartitaError: such a glob.
    """
    if names:
        _claims(rules, names, names)
    if rules.validation and rules.validation_seconds is not None:
        raise PartitaError("`validation` and `validation_seconds` exclude each other: give one of them")


def assign(
    recordings: Sequence[Recording], rules: SplitRules, sample_rate: int, *, unusable: Sequence[str] = ()
) -> list[Part]:
    """Return the parts of all recordings, in the order of the recordings; every split has at least one.

    Args:
        recordings: what is to be shared out.
        rules: what the caller asked for.
        sample_rate: Hz.
        unusable: names of recordings that were skipped: a word that names one of them is no glob.

    Raises:
        PartitaError: a bad glob, or not enough sound for three splits.
    """
    check_globs(rules, ())
    names = [recording.name for recording in recordings]
    claimed = _claims(rules, names, [*names, *unusable])
    parts = [_whole(r, claimed[r.name]) for r in recordings if r.name in claimed]
    rest = [r for r in recordings if r.name not in claimed]
    if not rest:
        raise PartitaError("`test` and `validation` take every recording: leave at least one to train on")
    wanted = [split for split in ("test", "validation") if not any(p.split == split for p in parts)]
    order = {recording.name: place for place, recording in enumerate(recordings)}
    parts += _assign_rest(rest, wanted, rules, sample_rate)
    return sorted(parts, key=lambda part: (order[part.name], part.start))


def _claims(rules: SplitRules, usable: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return {name: split} for the recordings that the caller's words name."""
    claimed: dict[str, str] = {}
    names, among = Names(known), set(usable)
    for split, words in (("test", rules.test), ("validation", rules.validation)):
        for word in words:
            found = names.named_by(word) & among
            if not found:
                raise PartitaError(
                    f"`{split}` is {word!r}, which fits no usable recording; one of them is {min(usable)!r}"
                )
            if twice := [name for name in found if claimed.get(name, split) != split]:
                raise PartitaError(f"{min(twice)} fits both `test` and `validation`: make the globs disjoint")
            claimed |= dict.fromkeys(found, split)
    return claimed


def _whole(recording: Recording, split: str) -> Part:
    return Part(recording.name, split, 0, recording.samples)


def _assign_rest(rest: list[Recording], wanted: list[str], rules: SplitRules, sample_rate: int) -> list[Part]:
    """Share out the recordings that no glob names."""
    seconds = rules.validation_seconds
    total = sum(r.samples for r in rest)
    blocks = {split: round(HELD_OUT * total) for split in wanted}
    if seconds is not None:
        blocks["validation"] = round(seconds * sample_rate)
    if len(rest) <= len(wanted):
        return _by_time(rest, blocks, rules.gap, sample_rate)
    chosen = _choose(rest, [s for s in wanted if s != "validation" or seconds is None], rules.seed)
    blocks = _better_as_blocks(rest, chosen, blocks, rules, sample_rate)
    chosen = {name: split for name, split in chosen.items() if split not in blocks}
    training = [r for r in rest if r.name not in chosen]
    parts = [_whole(r, chosen[r.name]) for r in rest if r.name in chosen]
    if blocks:
        return parts + _by_time(training, blocks, rules.gap, sample_rate)
    if seconds is None:
        return parts + [_whole(r, "train") for r in training]
    return parts + _hold_out(training, round(seconds * sample_rate), rules, sample_rate)


def _better_as_blocks(
    rest: list[Recording],
    chosen: dict[str, str],
    blocks: dict[str, int],
    rules: SplitRules,
    sample_rate: int,
) -> dict[str, int]:
    """Return which splits are to be blocks of time, and their lengths: none where whole recordings will do.

    Args:
        rest: the recordings that no glob names.
        chosen: those of them that would be held out whole, with their splits.
        blocks: the length of each split as a block, in samples.
        rules: what the caller asked for.
        sample_rate: Hz.
    """
    total = sum(r.samples for r in rest)
    whole = dict.fromkeys(chosen.values(), 0)
    for recording in rest:
        if recording.name in chosen:
            whole[chosen[recording.name]] += recording.samples
    large = [split for split in whole if whole[split] > MOST * total]
    if sum(blocks[s] if s in large else whole[s] for s in whole) > MOST_TOGETHER * total:
        large = list(whole)
    if not large:
        return {}
    cut = {split: length for split, length in blocks.items() if split in large or split not in whole}
    gain = sum(whole.get(split, length) for split, length in cut.items()) - sum(cut.values())
    gaps = len(cut) * round(rules.gap * sample_rate)
    kept = sum(whole[split] for split in whole if split not in cut)
    least = min(*cut.values(), total - kept - sum(cut.values()) - gaps)  # the shortest block, or training
    # blocks are of use only where they leave more to train on than whole recordings do
    return cut if gain > gaps and least >= SHORTEST_SPLIT_S * sample_rate else {}


def _choose(recordings: list[Recording], wanted: list[str], seed: int) -> dict[str, str]:
    """Return {name: split} for held-out recordings: by seed, until each split has its share of the time.

    The order hangs on each name alone, so that a recording that comes or goes moves few others.
    """
    queue = _by_seed(recordings, seed)
    total = sum(r.samples for r in recordings)
    chosen: dict[str, str] = {}
    for place, split in enumerate(wanted):
        still = len(wanted) - place  # recordings to leave: one for each later split, one for training
        taken = 0
        while len(queue) > still and (taken == 0 or taken + queue[0].samples / 2 < HELD_OUT * total):
            recording = queue.pop(0)
            chosen[recording.name] = split
            taken += recording.samples
    return chosen


def _by_seed(recordings: list[Recording], seed: int) -> list[Recording]:
    return sorted(recordings, key=lambda r: hashlib.sha256(f"{seed}/splits/{r.name}".encode()).digest())


def _hold_out(training: list[Recording], needed: int, rules: SplitRules, sample_rate: int) -> list[Part]:
    """Hold out `needed` samples: the end of the longest recording, or whole short ones and an end."""
    longest = max(training, key=lambda r: r.samples)
    gap = round(rules.gap * sample_rate)
    whole = [] if longest.samples > needed + gap else _by_seed(training, rules.seed)
    held: list[Recording] = []
    while whole and whole[0].samples <= needed:
        held.append(whole.pop(0))
        needed -= held[-1].samples
    cut = None
    if needed >= SHORTEST_SPLIT_S * sample_rate:
        cut = whole[0] if whole else None if held else longest  # what is held whole can't be cut as well
    names = {r.name for r in held}
    parts = [_whole(r, "validation") for r in held]
    for recording in training:
        if recording is cut:
            edge = recording.samples - needed
            parts.append(Part(recording.name, "validation", edge, recording.samples))
            if edge > gap:
                parts.append(Part(recording.name, "train", 0, edge - gap))
        elif recording.name not in names:
            parts.append(_whole(recording, "train"))
    if not any(part.split == "train" for part in parts):
        raise PartitaError(
            f"`validation_seconds` is {rules.validation_seconds}, which leaves no training: ask for less"
        )
    return parts


def _by_time(
    recordings: list[Recording], lengths: dict[str, int], gap_s: float, sample_rate: int
) -> list[Part]:
    """Cut the recordings, laid end to end, into training, validation and test with gaps between."""
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
                parts.append(Part(recording.name, split, start, end))
        begin += recording.samples
    return parts
