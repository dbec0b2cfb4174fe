"""Is sound of the training split in a held-out split too, as a copy or re-encoded?"""

from collections import defaultdict

import numpy as np

from partita.audio.features.fingerprint import best_shares, fingerprint, least_share
from partita.data.corpus import Corpus
from partita.doctor.corpus.wording import names_of
from partita.doctor.finding import Finding
from partita.runs.shipped.learnt import fingerprint_blocks, segment_sound

HELD_OUT = ("validation", "test")
LEAK = 0.5
"""Share of a held-out recording's blocks of 10 s that are in the training split, from which it is a copy. A
copy at another level and with noise has all of its blocks there; a phrase that a player repeats has single
ones. Blocks of other sound share at most 0.59 of their bits, of copies 0.94 or more; the limit is that of the
fingerprint."""


def held_out_copies(corpus: Corpus) -> dict[str, tuple[float, str]]:
    """Return the share of each held-out recording that is in the training split, and in which recording.

    Recordings of which nothing is found are left out. Copies of less than 2.4 s are found only if their
    samples are equal.

    Args:
        corpus: the corpus.
    """
    found = {name: (1.0, twin) for name, twin in _equal_files(corpus).items()}
    training = [(corpus.source(one), segment_sound(corpus, one)) for one in corpus.segments("train")]
    prints = [(name, fingerprint(sound, corpus.sample_rate).bits) for name, sound in training]
    for split in HELD_OUT:
        blocks = defaultdict(list)
        for source, bits in fingerprint_blocks(corpus, corpus.segments(split)):
            blocks[source, bits.shape].append(bits)
        hits = defaultdict(list)
        for (source, shape), several in blocks.items():
            matched = [(best_shares(np.stack(several), bits), name) for name, bits in prints]
            best = max(matched, key=lambda one: float(one[0].max()))
            hits[source].append(((best[0] > least_share(*shape)), best[1]))
        for source, rows in hits.items():
            share = float(np.mean(np.concatenate([row for row, _ in rows])))
            if share > 0 and source not in found:
                found[source] = (share, max(rows, key=lambda row: float(row[0].mean()))[1])
    return found


def _equal_files(corpus: Corpus) -> dict[str, str]:
    """Return the held-out recordings whose samples equal those of a training recording, with its name."""
    splits = defaultdict(set)
    for recording in corpus.index["recordings"]:
        splits[recording["source"]].add(recording["split"])
    digests = {f["source"]: f["samples_digest"] for f in corpus.index["files"] if f["reason"] is None}
    training = {digests[name]: name for name in digests if "train" in splits[name]}
    twins = {name: training.get(digest) for name, digest in digests.items() if splits[name] & set(HELD_OUT)}
    return {name: twin for name, twin in twins.items() if twin is not None and twin != name}


def check_duplicates(corpus: Corpus) -> list[Finding]:
    """Find held-out recordings that the training split contains too.

    Args:
        corpus: the corpus.
    """
    copies = held_out_copies(corpus)
    whole = [name for name, (share, _) in copies.items() if share >= LEAK]
    if not copies:
        return []
    names = whole or list(copies)
    share, twin = copies[names[0]]
    twins = names_of(sorted({copies[name][1] for name in names}))
    says = (
        f"{names_of(names)} {'is' if len(names) == 1 else 'are'} held out, but the training split has the"
        f" same sound ({twins}), so scores say how well the model remembers"
    )
    remedy = "remove the copies from the recordings, then prepare the corpus again"
    if not whole:
        says = (
            f"{share:.0%} of the held-out {names[0]} is also in {twin} of the training split, as a repeated"
            " phrase is"
        )
        remedy = "hold out another recording with `--test` and `--validation`, unless the music repeats"
    return [
        Finding(
            code="leak" if whole else "repeated-sound",
            severity="error" if whole else "note",
            says=says,
            remedy=remedy,
            evidence={
                "recordings": {name: {"share": round(s, 3), "training": t} for name, (s, t) in copies.items()}
            },
        )
    ]
