"""Bits per sample of the heads on the same held-out sound: at 8 bits, and at 16 bits beside FLAC.

    python docs/results/heads/bits.py CORPUS --out FOLDER [--updates 2400]

Each network is a plain WaveNet of the size `small` that is given nothing. All see the same windows in the
same order. The file FOLDER/bits.json has a row for each, with the bits on the test split. A run that is there
already is not trained again.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from partita import Corpus, load, storage
from partita.audio.quantizer import Quantizer
from partita.evaluation.metrics.bits import bits_per_sample
from partita.runs.folder import RunFolder
from partita.runs.versions import versions
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train

COARSE, FINE = Quantizer(), Quantizer(kind="linear", classes=65535)
RUNS = (
    *(("categorical", COARSE), ("logistic", COARSE), ("gaussian", COARSE)),
    *(("logistic", FINE), ("gaussian", FINE)),
)


def flac_bits(corpus: Corpus, split: str) -> float:
    """Return the bits per sample of FLAC at its highest level of compression, headers included."""
    size = samples = 0
    for segment in corpus.segments(split):
        sound = np.asarray(corpus.samples[segment.offset : segment.offset + segment.length])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sound.flac"
            soundfile.write(path, sound, corpus.sample_rate, subtype="PCM_16", compression_level=1.0)
            size += path.stat().st_size
        samples += len(sound)
    return 8.0 * size / samples


def row(corpus: Corpus, head: str, quantizer: Quantizer, folder: Path, updates: int) -> dict[str, Any]:
    """Train one network, unless it is there, and return its bits with what it was."""
    run = folder / f"{head}-{quantizer.classes}"
    if run.exists() and not RunFolder.open(run).finished:
        resume(run, corpus=corpus)
    elif not run.exists():
        config = TrainConfig(
            size="small",
            condition=("none",),
            head=head,
            quantizer=quantizer,
            steps=updates,
            threads=1,
            patience=0,
            preview_clips=0,
            tensorboard=False,
        )
        train(corpus, run, config)
    model = load(run)
    bits = bits_per_sample(model.model, corpus, "test", model.quantizer)
    found = {"head": head, "classes": quantizer.words, "bits_per_sample": bits.as_json()}
    return found | {"updates": model.step}


def main() -> None:
    """Train and score all networks, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=2400)
    asked = parser.parse_args()
    corpus, rows = Corpus.open(asked.corpus), []
    flac = round(flac_bits(corpus, "test"), 3)
    for head, quantizer in RUNS:
        rows.append(row(corpus, head, quantizer, asked.out, asked.updates))
        found = {"corpus": corpus.fingerprint, "rows": rows, "flac": flac}
        storage.write_json(asked.out / "bits.json", found | {"versions": versions()})


if __name__ == "__main__":
    main()
