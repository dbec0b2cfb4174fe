"""What storing weights less precisely costs: bits per sample on held-out sound.

The sampler's arithmetic stays float32, so the rounded model is what it draws from, and scoring that model
says all there is to say. It and the model as it is are scored on the same blocks of sound, and the interval
is of their difference, which is far narrower than either's own. This file does not know speed.
"""

from partita.data.corpus import Corpus
from partita.evaluation.evaluate import check_model_fits_corpus
from partita.evaluation.metrics.bits import block_bits
from partita.evaluation.statistics.scores import Score, block_mean
from partita.runs.loading import LoadedModel
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
    check_model_fits_corpus(loaded, corpus, "test")
    whole = block_bits(loaded.model, corpus, "test", loaded.quantizer, seconds=seconds)
    costs = {"float32": Score(0.0, 0.0, 0.0)}
    for precision in ("bfloat16", "int8"):
        model = rounded(loaded.model, precision)
        bits = block_bits(model, corpus, "test", loaded.quantizer, seconds=seconds)
        costs[precision] = block_mean(bits.bits - whole.bits, whole.counts, seed=seed)
    return costs
