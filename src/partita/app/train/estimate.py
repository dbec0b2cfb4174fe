"""Say what a model sounds like after so many updates, and how long that takes. Nothing is measured here.

The stages are those of `docs/results`: solo violin at 16 kHz, two tiers, size `small`, updates of 2 x 8,192
samples. After 500 updates clips are noise; after 1,500 tones appear at low temperatures; after 2,400 to
3,050 there are notes of the right pitch with overtones, and noise between them; after 6,000 they are as near
to real sound as real sound with noise 26 dB below, and after 11,000 little changes. From the model that
ships, the demo has notes on other sound after 234 updates. Other sounds may need more or fewer, so the page
says ranges.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

TRAINING_SHARE = 0.88
"""Share of a run's minutes that makes updates: the rest scores, saves and draws clips."""
FIXED_SECONDS = 60.0
"""Of a run: loading, compiling, choosing temperatures and drawing the last clips."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What clips sound like from some number of updates on.

    Args:
        first: updates after which it may begin.
        last: updates after which it usually has begun.
        sounds: what is heard, after "the clips are".
        short: the same as a milestone.
    """

    first: int
    last: int
    sounds: str
    short: str


FROM_NOTHING = (
    Stage(first=0, last=0, sounds="noise that follows the loudness of your recordings", short="noise"),
    Stage(first=800, last=1_600, sounds="noise with the first tones in it", short="first tones"),
    Stage(
        first=2_000,
        last=4_000,
        sounds="notes of your instrument, with noise between them",
        short="notes, with noise",
    ),
    Stage(first=5_000, last=9_000, sounds="clear notes with their overtones", short="clear notes"),
    Stage(
        first=11_000,
        last=20_000,
        sounds="about as good as this size becomes",
        short="as good as this size becomes",
    ),
)
FROM_A_MODEL = (
    Stage(
        first=0, last=0, sounds="notes that still sound like the model it starts from", short="notes at once"
    ),
    Stage(
        first=200,
        last=800,
        sounds="notes that begin to sound like your recordings",
        short="nearer to your recordings",
    ),
    Stage(
        first=2_000,
        last=5_000,
        sounds="notes with the sound of your recordings",
        short="your recordings' own sound",
    ),
    Stage(
        first=8_000,
        last=20_000,
        sounds="about as good as this size becomes",
        short="as good as this size becomes",
    ),
)


def stages(start: str) -> tuple[Stage, ...]:
    """Return the stages of a training.

    Args:
        start: the model that it starts from; "" for none.
    """
    return FROM_A_MODEL if start else FROM_NOTHING


def expected_sound(updates: float, start: str) -> str:
    """Return what clips sound like, in words.

    Args:
        updates: that are made.
        start: the model that the training started from; "" for none.

    >>> expected_sound(300, "")
    'noise that follows the loudness of your recordings'
    >>> expected_sound(3000, "")
    'notes of your instrument, with noise between them'
    """
    return [stage.sounds for stage in stages(start) if updates >= _middle(stage)][-1]


def updates_in(minutes: float, updates_per_second: float) -> int:
    """Return about how many updates a run makes, with two digits that count.

    Args:
        minutes: of the run.
        updates_per_second: while it trains.

    >>> updates_in(20, 3.0), updates_in(0.5, 3.0)
    (3000, 52)
    """
    seconds = 60.0 * minutes
    trained = max(0.1 * seconds, TRAINING_SHARE * seconds - min(FIXED_SECONDS, 0.3 * seconds))
    updates = trained * updates_per_second
    unit: int = 10 ** max(0, len(str(int(updates))) - 2)
    return round(updates / unit) * unit


def estimate(minutes: float, updates_per_second: float, start: str, *, size: str = "small") -> dict[str, Any]:
    """Return what a training will bring, in words.

    Args:
        minutes: of the run.
        updates_per_second: as this machine was measured.
        start: the model that it starts from; "" for none.
        size: of the network.

    Returns:
        `updates`; `sentence`; `milestones`, each with `sounds` and `when`; `note`, or "".

    >>> found = estimate(10, 3.0, "")
    >>> found["sentence"]
    '10 minutes: about 1,400 updates. Expect noise with the first tones in it.'
    >>> found["milestones"][1]
    {'sounds': 'notes, with noise', 'when': '14 to 26 minutes', 'reached': 'no'}
    """
    updates = updates_in(minutes, updates_per_second)
    milestones = []
    for stage in stages(start)[1:]:
        first, last = (_minutes_for(count, updates_per_second) for count in (stage.first, stage.last))
        reached = "yes" if minutes >= last else "perhaps" if minutes >= first else "no"
        milestones.append({"sounds": stage.short, "when": span(first, last), "reached": reached})
    sound = expected_sound(updates, start)
    return {
        "updates": updates,
        "sentence": f"{span(minutes, minutes)}: about {updates:,} updates. Expect {sound}.",
        "milestones": milestones,
        "note": "" if size == "small" or start else "These stages were measured with the usual size.",
    }


def next_stage(updates: int, updates_per_second: float, start: str) -> str:
    """Return what comes next in a running training, and when; "" if nothing more is known.

    Args:
        updates: that are made.
        updates_per_second: while it trains, everything counted.
        start: the model that it started from; "" for none.

    >>> next_stage(1500, 2.0, ""), next_stage(1000, 2.0, "")
    ('notes, with noise in 4 to 21 minutes', 'first tones within 5 minutes')
    """
    if updates_per_second <= 0:
        return ""
    for before, stage in pairwise(stages(start)):
        if _middle(before) <= updates < _middle(stage):
            minutes = [(count - updates) / updates_per_second / 60 for count in (stage.first, stage.last)]
            when = f"in {span(*minutes)}" if minutes[0] > 0 else f"within {span(minutes[1], minutes[1])}"
            return f"{stage.short} {when}"
    return ""


def span(first: float, last: float) -> str:
    """Return a range of minutes in words.

    Args:
        first: its begin.
        last: its end.

    >>> span(3.2, 7.9), span(50, 130), span(20, 20), span(0.5, 1), span(0.2, 1.2)
    ('3 to 8 minutes', '1 to 2 hours', '20 minutes', '1 minute', '1 minute')
    """
    divisor, unit = (60.0, "hour") if last >= 90 else (1.0, "minute")
    low, high = max(1, round(first / divisor)), max(1, round(last / divisor))
    if low == high:
        return f"{high} {unit}" if high == 1 else f"{high} {unit}s"
    return f"{low} to {high} {unit}s"


def _middle(stage: Stage) -> float:
    return (stage.first + stage.last) / 2


def _minutes_for(updates: int, updates_per_second: float) -> float:
    """Return about how many minutes a run needs for so many updates."""
    return (updates / updates_per_second + FIXED_SECONDS) / TRAINING_SHARE / 60
