"""What storing weights less precisely costs: bits per sample on held-out sound, against the weights as they are.

The sampler's arithmetic stays float32, so the rounded model is what it draws from, and scoring that model says
all there is to say. Both are scored on the same blocks of sound, and the interval is of their difference,
which is far narrower than either's own. This file does not know speed.
"""

from typing import get_args

from partita.audio.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.bits import block_bits
from partita.evaluation.scores import Score, block_mean
from partita.runs.loading import LoadedModel
from partita.sampling.config import Precision
from partita.sampling.precision import rounded


def precision_costs(
    loaded: LoadedModel, corpus: Corpus, *, seconds: float | None = None, seed: int = 0
) -> dict[str, Score]:
    """Return by precision the bits per sample that rounding adds on the test split, each with its interval.

    Args:
        loaded: the model.
        corpus: whose test split is scored.
        seconds: score at most so much sound, spread evenly over the split; None scores all of it.
        seed: of the bootstrap alone.

    Raises:
        PartitaError: the corpus has another sample rate than the model, or no test split.

    >>> from partita.runs.loading import load
    >>> precision_costs(load("runs/violin"), Corpus.open("corpus"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: runs/violin does not exist: give a run folder, made by `partita train`
    """
    if corpus.sample_rate != loaded.sample_rate:
        raise PartitaError(
            f"the corpus has {corpus.sample_rate} Hz, the model {loaded.sample_rate} Hz: prepare a corpus with"
            f" `--sample-rate {loaded.sample_rate}`"
        )

    whole = block_bits(loaded.model, corpus, "test", loaded.quantiser, seconds=seconds)
    costs = {}
    for precision in get_args(Precision):
        model = rounded(loaded.model, precision)
        bits = block_bits(model, corpus, "test", loaded.quantiser, seconds=seconds)
        costs[precision] = block_mean(bits.bits - whole.bits, whole.counts, seed=seed)
    return costs
