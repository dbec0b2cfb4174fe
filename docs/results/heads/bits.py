"""Bits per sample of the heads and of a masked flow on the same held-out sound, at 8 bits and at 16 bits.

    python docs/results/heads/bits.py CORPUS --out FOLDER [--updates 2400]

Each network is a plain WaveNet of the size `small` that is given nothing. The masked autoregressive flow,
`maf`, has three networks of that size, so it gets a third of the updates, and its bits are an upper bound.
All see the same windows in the same order. The file FOLDER/bits.json has a row for each, with the bits on the
test split, and for the heads with 256 classes the difference from `categorical`, block by block. It also has
the bits of FLAC. A run that is there already is not trained again.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from partita import Corpus, load, storage
from partita.audio.quantizer import Quantizer
from partita.evaluation.metrics.bits import BlockBits, block_bits
from partita.evaluation.statistics.scores import block_mean
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel
from partita.runs.versions import versions
from partita.training.config.model_kinds import flow_like
from partita.training.config.train import TrainConfig
from partita.training.train import resume, train

COARSE, FINE = Quantizer(), Quantizer(kind="linear", classes=65535)
RUNS = (
    *(("categorical", COARSE), ("logistic", COARSE), ("gaussian", COARSE)),
    *(("logistic", FINE), ("gaussian", FINE), ("maf", COARSE)),
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


def settings(head: str, quantizer: Quantizer, updates: int) -> TrainConfig:
    """Return the settings of one run."""
    config = TrainConfig(
        size="small",
        condition=("none",),
        head=None if head == "maf" else head,
        quantizer=quantizer,
        steps=updates,
        threads=1,
        patience=0,
        preview_clips=0,
        tensorboard=False,
    )
    return flow_like(replace(config, steps=updates // 3)) if head == "maf" else config


def trained(corpus: Corpus, run: Path, config: TrainConfig) -> LoadedModel:
    """Train one network, or go on with it, unless it is there, and return it."""
    if run.exists() and not RunFolder.open(run).finished:
        resume(run, corpus=corpus)
    elif not run.exists():
        train(corpus, run, config)
    return load(run)


def difference(blocks: BlockBits, others: BlockBits) -> dict[str, float]:
    """Return the difference in bits per sample, with an interval from the differences of the blocks."""
    return block_mean(blocks.bits - others.bits, blocks.counts, seed=0).as_json()


def main() -> None:
    """Train and score all networks, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=2400)
    asked = parser.parse_args()
    corpus, rows, first = Corpus.open(asked.corpus), list[dict[str, Any]](), None
    flac = round(flac_bits(corpus, "test"), 3)
    for head, quantizer in RUNS:
        run = asked.out / f"{head}-{quantizer.classes}"
        model = trained(corpus, run, settings(head, quantizer, asked.updates))
        blocks = block_bits(model.model, corpus, "test", model.quantizer)
        row: dict[str, Any] = {"head": head, "classes": quantizer.words, "updates": model.step}
        row["bits_per_sample"] = block_mean(blocks.bits, blocks.counts, seed=0).as_json()
        first = first or blocks
        if head in ("logistic", "gaussian") and quantizer == COARSE:
            row["more_than_categorical"] = difference(blocks, first)
        rows.append(row)
        found = {"corpus": corpus.fingerprint, "rows": rows, "flac": flac}
        storage.write_json(asked.out / "bits.json", found | {"versions": versions()})


if __name__ == "__main__":
    main()
