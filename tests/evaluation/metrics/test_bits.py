"""Bits per sample: against known distributions and against unwindowed scoring."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.metrics.bits import bits_per_sample, block_bits
from partita.evaluation.statistics.scores import block_mean
from partita.models.wavenet import WaveNet


def constant(network: WaveNet, logits: torch.Tensor) -> WaveNet:
    """Make the network return the same logits for every input."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.end2_bias.copy_(logits)
    return network


def classes_of(corpus: Corpus, quantizer: Quantizer) -> list[np.ndarray]:
    return [
        quantizer.encode_int16(corpus.samples[s.offset : s.offset + s.length])
        for s in corpus.segments("test")
    ]


def test_a_uniform_model_has_exactly_8_bits(corpus: Corpus, network: WaveNet, quantizer: Quantizer) -> None:
    score = bits_per_sample(constant(network, torch.zeros(256)), corpus, "test", quantizer)
    assert (score.value, score.low, score.high) == pytest.approx((8.0, 8.0, 8.0), abs=1e-6)


def test_a_model_of_the_class_frequencies_has_their_entropy(
    corpus: Corpus, network: WaveNet, quantizer: Quantizer
) -> None:
    counts = np.bincount(np.concatenate(classes_of(corpus, quantizer)), minlength=256)
    share = counts[counts > 0] / counts.sum()
    entropy = -(share * np.log2(share)).sum()
    logits = torch.from_numpy(np.log(np.maximum(counts, 1e-12))).float()
    score = bits_per_sample(constant(network, logits), corpus, "test", quantizer)
    assert score.value == pytest.approx(entropy, abs=1e-5)
    assert score.low < entropy < score.high


def bits_of_samples(network: WaveNet, corpus: Corpus, quantizer: Quantizer) -> np.ndarray:
    """Return -log2 p of every sample, with one forward pass for each segment instead of windows."""
    found = []
    for segment in classes_of(corpus, quantizer):
        past = np.full(network.receptive_field, quantizer.zero_class)
        line = torch.from_numpy(np.concatenate([past, segment]).astype(np.int64))[None]
        logits = network(line[:, :-1])[0].double()
        targets = line[0, network.receptive_field :]
        found.append(-logits.log_softmax(1)[torch.arange(len(targets)), targets].numpy() / np.log(2))
    return np.concatenate(found)


def test_every_sample_is_scored_once_given_its_real_past(
    corpus: Corpus, network: WaveNet, quantizer: Quantizer
) -> None:
    blocks = block_bits(network, corpus, "test", quantizer)
    every = bits_of_samples(network, corpus, quantizer)
    assert blocks.counts.sum() == len(every)
    starts = np.cumsum(blocks.counts) - blocks.counts
    np.testing.assert_allclose(blocks.bits, np.add.reduceat(every, starts), rtol=1e-5)


def test_a_short_split_has_short_blocks(corpus: Corpus, network: WaveNet, quantizer: Quantizer) -> None:
    rate = corpus.sample_rate
    counts = block_bits(network, corpus, "test", quantizer).counts.tolist()
    assert counts == [2 * rate] * 4 + [round(1.21 * rate)]


def test_a_long_split_has_blocks_of_10_seconds(
    corpus: Corpus, network: WaveNet, quantizer: Quantizer
) -> None:
    (segment,) = next(one for one in corpus.index["recordings"] if one["split"] == "test")["segments"]
    recording = {"source": "long", "split": "test", "segments": [segment] * 5}
    longer = replace(corpus, index={**corpus.index, "recordings": [recording]})
    counts = block_bits(constant(network, torch.zeros(256)), longer, "test", quantizer).counts
    assert len(counts) == 5
    assert counts.tolist() == [segment["length"]] * 5  # 9.21 s each, in 10 windows


def test_correlated_neighbours_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    seconds = np.repeat(rng.normal(size=20), 10) + 0.1 * rng.normal(size=200)
    apart = block_mean(seconds, np.ones(200), seed=0)
    together = block_mean(seconds.reshape(20, 10).sum(axis=1), np.full(20, 10), seed=0)
    assert together.value == pytest.approx(apart.value)
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_scored_part_is_spread_over_the_split(
    corpus: Corpus, network: WaveNet, quantizer: Quantizer
) -> None:
    every = bits_of_samples(network, corpus, quantizer)
    rate = corpus.sample_rate
    part = block_bits(network, corpus, "test", quantizer, seconds=3.0)
    assert part.counts.tolist() == [rate] * 3
    expected = [every[start * rate :][:rate].sum() for start in (0, 4, 8)]
    np.testing.assert_allclose(part.bits, expected, rtol=1e-5)


def test_progress_ends_at_1(corpus: Corpus, network: WaveNet, quantizer: Quantizer) -> None:
    shares: list[float] = []
    bits_per_sample(network, corpus, "test", quantizer, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_invalid_arguments_and_results_are_refused(
    corpus: Corpus, network: WaveNet, quantizer: Quantizer
) -> None:
    with pytest.raises(PartitaError, match="`seconds` is 0"):
        bits_per_sample(network, corpus, "test", quantizer, seconds=0)
    with pytest.raises(PartitaError, match="tset"):
        bits_per_sample(network, corpus, "tset", quantizer)
    with pytest.raises(PartitaError, match="not finite"):
        bits_per_sample(constant(network, torch.full((256,), torch.nan)), corpus, "test", quantizer)
