"""Do the recordings have a DC offset?"""

from partita.doctor.corpus.originals import Originals
from partita.doctor.corpus.wording import names_of
from partita.doctor.finding import Finding

OFFSET = 0.02
"""Mean of a recording relative to its peak, from which it has an offset. Violin recordings have at most
0.00002, the median of 3,000 spoken digits is 0.0001; 14% of them are above 0.02, since two of the six
microphones have an offset."""
MANY = 0.3
"""Share of the time in recordings with an offset that gives a warning: twice that of the digits, on which
models learn well."""


def check_offset(originals: Originals) -> list[Finding]:
    """Find recordings with a DC offset.

    Args:
        originals: the recordings, since a corpus has none: `prepare` subtracts the mean.
    """
    chosen = [one for one in originals.found if abs(one.offset) >= OFFSET]
    if not chosen:
        return []
    share = originals.share_of(chosen)
    most = max(chosen, key=lambda one: abs(one.offset))
    return [
        Finding(
            code="dc-offset",
            severity="warning" if share >= MANY else "note",
            says=(
                f"{share:.0%} of the recorded sound has a DC offset, up to {abs(most.offset):.0%} of the peak"
                f" ({names_of([one.source for one in chosen])}); `prepare` subtracts it, but can't restore"
                " peaks that it cut off"
            ),
            remedy=(
                "filter the recordings with a high-pass at 20 Hz, `sox IN.wav OUT.wav highpass 20`, then"
                " prepare the corpus again"
            ),
            evidence={
                "share_of_sound": round(share, 3),
                "recordings": len(chosen),
                "most_offset": round(most.offset, 4),
            },
        )
    ]
