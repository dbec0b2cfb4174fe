import numpy as np
import pytest
import torch

from partita.audio.classes import Quantiser
from partita.audio.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.bits import bits_per_sample, block_bits
from partita.models.wavenet import WaveNet


def blank(network: WaveNet, logits: torch.Tensor) -> WaveNet:
    """Make the network give the same logits whatever it sees."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.end2_bias.copy_(logits)
    return network


def classes_of(corpus: Corpus, quantiser: Quantiser) -> list[np.ndarray]:
    return [
        quantiser.encode_int16(corpus.samples[s.offset : s.offset + s.length])
        for s in corpus.segments("test")
    ]


def test_uniform_model_needs_exactly_8_bits(corpus: Corpus, network: WaveNet, quantiser: Quantiser) -> None:
    score = bits_per_sample(blank(network, torch.zeros(256)), corpus, "test", quantiser)
    assert (score.value, score.low, score.high) == pytest.approx((8.0, 8.0, 8.0), abs=1e-6)


def test_model_of_the_class_frequencies_needs_their_entropy(
    corpus: Corpus, network: WaveNet, quantiser: Quantiser
) -> None:
    counts = np.bincount(np.concatenate(classes_of(corpus, quantiser)), minlength=256)
    share = counts[counts > 0] / counts.sum()
    entropy = -(share * np.log2(share)).sum()
    logits = torch.from_numpy(np.log(np.maximum(counts, 1e-12))).float()
    score = bits_per_sample(blank(network, logits), corpus, "test", quantiser)
    assert score.value == pytest.approx(entropy, abs=1e-5)
    assert score.low < entropy < score.high


def test_every_sample_is_scored_once_with_its_true_past(
    corpus: Corpus, network: WaveNet, quantiser: Quantiser
) -> None:
    blocks = block_bits(network, corpus, "test", quantiser)
    segments = classes_of(corpus, quantiser)
    assert blocks.counts.sum() == sum(map(len, segments))
    expected = 0.0
    for segment in segments:  # the whole segment at once, in place of blocks
        past = np.full(network.receptive_field, quantiser.zero_class)
        line = torch.from_numpy(np.concatenate([past, segment]).astype(np.int64))[None]
        logits = network(line[:, :-1])[0].double()
        targets = line[0, network.receptive_field :]
        expected -= logits.log_softmax(1)[torch.arange(len(targets)), targets].sum().item() / np.log(2)
    assert blocks.bits.sum() == pytest.approx(expected, rel=1e-6)


def test_part_of_a_split_is_spread_over_it(corpus: Corpus, network: WaveNet, quantiser: Quantiser) -> None:
    every = block_bits(network, corpus, "test", quantiser)
    part = block_bits(network, corpus, "test", quantiser, seconds=3.0)
    assert part.counts.sum() <= 3.0 * corpus.sample_rate
    assert part.bits.tolist() == every.bits[::4].tolist()


def test_progress_ends_at_1(corpus: Corpus, network: WaveNet, quantiser: Quantiser) -> None:
    shares: list[float] = []
    bits_per_sample(network, corpus, "test", quantiser, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_mistakes_are_named(corpus: Corpus, network: WaveNet, quantiser: Quantiser) -> None:
    with pytest.raises(PartitaError, match="`seconds` is 0"):
        bits_per_sample(network, corpus, "test", quantiser, seconds=0)
    with pytest.raises(PartitaError, match="tset"):
        bits_per_sample(network, corpus, "tset", quantiser)
    with pytest.raises(PartitaError, match="not finite"):
        bits_per_sample(blank(network, torch.full((256,), torch.nan)), corpus, "test", quantiser)
