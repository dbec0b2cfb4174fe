"""Scores on held-out sound: every sample counts once, given its true past."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from partita.data.corpus import Corpus
from partita.data.windows import WindowBatch
from partita.device import ComputeDevice
from partita.models.wavenet import WaveNet
from partita.training.config.train import TrainConfig
from partita.training.monitoring.held_out import held_out, validation_bits

CPU = ComputeDevice(torch.device("cpu"), bfloat16=False)


@pytest.fixture
def model(make_config: Callable[..., TrainConfig]) -> WaveNet:
    return WaveNet(make_config().network_shape, generator=torch.Generator().manual_seed(0))


def windows(
    corpus: Corpus, model: WaveNet, *, targets: int = 256, most: int | None = None
) -> Iterator[WindowBatch]:
    quantizer = TrainConfig().quantizer
    return held_out(
        corpus, "validation", targets=targets, context=model.receptive_field, quantizer=quantizer, most=most
    )


def test_a_uniform_model_scores_eight_bits(corpus: Corpus, model: WaveNet) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert validation_bits(model, windows(corpus, model), CPU) == pytest.approx(8.0, abs=1e-6)


def test_the_score_equals_that_of_one_pass_over_the_whole_sound(corpus: Corpus, model: WaveNet) -> None:
    quantizer = TrainConfig().quantizer
    nats, count = 0.0, 0
    for segment in corpus.segments("validation"):
        sound = corpus.samples[segment.offset : segment.offset + segment.length]
        past = np.full(model.receptive_field, quantizer.zero_class)
        classes = torch.from_numpy(np.concatenate([past, quantizer.encode_int16(sound)]).astype(np.int64))
        with torch.no_grad():
            logits = model(classes[None, :-1])[0].double()
        chosen = torch.log_softmax(logits, 1).gather(1, classes[model.receptive_field :, None])
        nats, count = nats - float(chosen.sum()), count + len(sound)
    expected = nats / count / np.log(2)
    for targets in (100, 256, 5000):
        score = validation_bits(model, windows(corpus, model, targets=targets), CPU)
        assert score == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("most", [1, 256, 1000, 5000, 10**9])
def test_a_part_of_the_split_is_bounded_spread_out_and_the_same_each_time(
    corpus: Corpus, model: WaveNet, most: int
) -> None:
    whole, part, again = (list(windows(corpus, model, most=m)) for m in (None, most, most))
    assert [w.names for w in part] == [w.names for w in again]
    assert len(part) == 1 or sum(int(w.valid.sum()) for w in part) <= most
    names = [w.names for w in whole]
    places = [names.index(w.names) for w in part]
    assert places == sorted(set(places))
    if len(places) > 2:
        assert places[-1] >= len(names) // 2
