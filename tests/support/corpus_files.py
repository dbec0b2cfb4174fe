"""Helpers to look into corpora and folders."""

from pathlib import Path

import numpy as np

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus


class IdentityQuantizer(Quantizer):
    """Classes that are the samples themselves, so that a test can see where each came from; 0 is padding."""

    zero_class = 0

    def encode_int16(self, samples: np.ndarray) -> np.ndarray:
        return np.asarray(samples)


def stored_samples(corpus: Corpus, name: str) -> np.ndarray:
    """Return all samples of one recording in a corpus."""
    parts = []
    for recording in corpus.index["recordings"]:
        if recording["source"] == name:
            parts += [corpus.samples[s["offset"] :][: s["length"]] for s in recording["segments"]]
    return np.concatenate(parts)


def own_files(corpus: Corpus) -> set[str]:
    """Return the names of the files that a corpus consists of."""
    return {"index.json", corpus.store.name, str(corpus.index["pitch_store"])}


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return the time, inode and content of every file in a folder."""
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
