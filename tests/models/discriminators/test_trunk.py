"""A discriminator of a generator's first layers has their outputs, a gradient, and their weights."""

from dataclasses import replace

import pytest
import torch

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.models.discriminators.trunk import HOP, TrunkConfig, TrunkDiscriminator, TrunkShape
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.gated_stack.reference import reference_stack

NETWORK = WaveNetConfig(
    blocks=2, layers=3, residual_channels=6, dilation_channels=5, skip_channels=7, end_channels=4, classes=32
)
TABLE = tuple(map(float, Quantizer(classes=32).table))


def trunk(seed: int = 0, layers: int = 4) -> TrunkDiscriminator:
    generator = torch.Generator().manual_seed(seed)
    return TrunkDiscriminator(TrunkConfig(layers=layers), TrunkShape(NETWORK, TABLE), generator=generator)


def wavenet(seed: int) -> WaveNet:
    """Return a generator with biases other than 0."""
    network, generator = WaveNet(NETWORK), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return network


def test_at_the_values_of_the_classes_its_first_map_is_that_of_the_generators_layers() -> None:
    network, judge = wavenet(1), trunk()
    judge.begin_from(network)
    classes = torch.randint(32, (2, 200), generator=torch.Generator().manual_seed(2))
    gates = reference_stack(
        network.embed(classes),
        network.dilated[:4],
        network.dilated_bias[:4],
        network.residual[:3],
        network.residual_bias[:3],
        NETWORK.dilations[:4],
    )
    expected = gates @ network.skip[:4].flatten(0, 1) + network.skip_bias
    past = judge.past
    found = judge(torch.tensor(TABLE)[classes])[0]
    inside = found[:, past - past // 2 : found.shape[1] - past // 2]
    torch.testing.assert_close(inside, expected[:, : inside.shape[1]], rtol=1e-4, atol=1e-4)


def test_between_two_classes_embeddings_are_mixed_linearly() -> None:
    judge = trunk()
    low, high = TABLE[10], TABLE[11]
    ends = judge.trunk["embedding"][10], judge.trunk["embedding"][11]
    for share in (0.0, 0.25, 1.0):
        found = judge.embed(torch.tensor([[low + share * (high - low)]]))[0, 0]
        torch.testing.assert_close(found, ends[0] + share * (ends[1] - ends[0]), rtol=1e-3, atol=1e-4)


def test_the_gradient_at_a_class_is_the_slope_between_its_neighbours() -> None:
    # regression: drawn sound is on the grid, where it was the slope to the lower neighbour alone
    judge = trunk()
    table = torch.tensor(TABLE)
    for c in (1, 7, 16, 30):
        waveform = table[c].reshape(1, 1).clone().requires_grad_()
        embedded = judge.embed(waveform)[0, 0]
        torch.testing.assert_close(embedded, judge.trunk["embedding"][c])
        for channel in (0, 5):
            (gradient,) = torch.autograd.grad(embedded[channel], waveform, retain_graph=True)
            ends = judge.trunk["embedding"][[c - 1, c + 1], channel]
            slope = (ends[1] - ends[0]) / (table[c + 1] - table[c - 1])
            torch.testing.assert_close(gradient[0, 0], slope, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_a_logit_passes_through_all_its_samples() -> None:
    judge = trunk()
    waveform = torch.zeros(1, 3 * HOP, requires_grad=True)
    (gradient,) = torch.autograd.grad(judge(waveform)[-1][0, 1], waveform)
    seen = gradient[0].nonzero().flatten()
    assert int(seen[-1] - seen[0]) + 1 == judge.receptive_field


def test_it_begins_with_the_generators_weights_and_keeps_its_head() -> None:
    network, judge, same = wavenet(1), trunk(), trunk()
    judge.begin_from(network)
    for name in ("embedding", "dilated", "residual", "skip"):
        own = judge.trunk[name]
        assert torch.equal(own, getattr(network, name)[: len(own)])
        assert own.data_ptr() != getattr(network, name).data_ptr()
    assert torch.equal(judge.hidden, same.hidden)
    assert torch.equal(judge.last, same.last)


def test_more_layers_than_the_generator_has_are_refused() -> None:
    assert trunk(layers=6).past == 14
    with pytest.raises(PartitaError, match=r"`trunk.layers` is 7, but the network has 6"):
        trunk(layers=7)


def test_a_generator_with_a_condition_has_a_trunk_too() -> None:
    from partita.audio.features.layout import FrameLayout

    given = replace(NETWORK, condition=FrameLayout(hop_length=80, bands=3))
    judge = TrunkDiscriminator(TrunkConfig(layers=2), TrunkShape(given, TABLE))
    judge.begin_from(WaveNet(given))
    assert judge(torch.zeros(1, 2 * HOP))[-1].shape == (1, 2)
