"""The cost of a precision is the paired difference of the bits of two models."""

import dataclasses

import pytest

from partita.benchmarks.precision import precision_costs
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.metrics.bits import bits_per_sample
from partita.runs.loading import LoadedModel
from partita.sampling.precision import rounded


def test_costs_are_differences_from_the_exact_weights(loaded: LoadedModel, corpus: Corpus) -> None:
    costs = precision_costs(loaded, corpus)
    assert list(costs) == ["float32", "bfloat16", "int8"]
    assert costs["float32"].as_json() == {"value": 0.0, "low": 0.0, "high": 0.0}
    exact = bits_per_sample(loaded.wavenet, corpus, "test", loaded.quantizer)
    for precision in ("bfloat16", "int8"):
        score = bits_per_sample(rounded(loaded.wavenet, precision), corpus, "test", loaded.quantizer)
        assert costs[precision].value == pytest.approx(score.value - exact.value, abs=1e-9)
        assert costs[precision].value != 0.0
        assert costs[precision].high - costs[precision].low < 0.2 * (exact.high - exact.low)


def test_a_corpus_of_another_rate_is_refused(loaded: LoadedModel, corpus: Corpus) -> None:
    with pytest.raises(PartitaError, match="sample_rate"):
        precision_costs(dataclasses.replace(loaded, sample_rate=8000), corpus)
