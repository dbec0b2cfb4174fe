"""Bits per sample that are lost by storing weights as bfloat16 or int8.

The sampler rounds the weights but computes in float32, so the loss is that of a model with rounded weights.
Both models are scored on the same blocks of sound. The interval is that of their difference, which is much
narrower than the interval of either score. This file measures no speed.
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
    """Measure the bits per sample that rounding the weights adds on the test split.

    Args:
        loaded: the model.
        corpus: the corpus, whose test split is scored.
        seconds: score at most this much sound, spread evenly over the split; None scores the whole split.
        seed: of the bootstrap.

    Returns:
        The added bits per sample with a 95% interval, by precision.

    Raises:
        PartitaError: the sample rates of the model and the corpus differ, or there is no test split.

    >>> from partita.runs.loading import load
    >>> precision_costs(load("runs/violin"), Corpus.open("corpus"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: runs/violin does not exist: give a run folder, made by `partita train`...
    """
    check_model_fits_corpus(loaded, corpus, "test")
    exact = block_bits(loaded.wavenet, corpus, "test", loaded.quantizer, seconds=seconds)
    costs = {"float32": Score(0.0, 0.0, 0.0)}
    for precision in ("bfloat16", "int8"):
        model = rounded(loaded.wavenet, precision)
        bits = block_bits(model, corpus, "test", loaded.quantizer, seconds=seconds)
        costs[precision] = block_mean(bits.bits - exact.bits, exact.counts, seed=seed)
    return costs
