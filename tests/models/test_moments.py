"""What the matrices take in: the moments against those of the layers' own outputs."""

import torch

from partita.models.moments import input_moments
from partita.models.sizes import WaveNetConfig
from partita.models.stack import plain_stack
from partita.models.wavenet import WaveNet

CONFIG = WaveNetConfig(
    blocks=2,
    layers=3,
    kernel_size=3,
    residual_channels=5,
    dilation_channels=7,
    skip_channels=6,
    end_channels=9,
    classes=11,
)


def test_the_moments_are_those_of_the_inputs() -> None:
    model = WaveNet(CONFIG, generator=torch.Generator().manual_seed(0)).double()
    random = torch.Generator().manual_seed(1)
    classes = torch.randint(0, CONFIG.classes, (2, CONFIG.receptive_field + 40), generator=random)
    moments = input_moments(model, classes)
    parts = (model.dilated, model.dilated_bias, model.residual, model.residual_bias)
    gates = plain_stack(model.embed(classes), *parts, CONFIG.dilations).flatten(0, 1)
    torch.testing.assert_close(moments["skip"], gates.mT @ gates / len(gates))
    units = CONFIG.dilation_channels
    for layer in range(len(CONFIG.dilations) - 1):
        own = slice(layer * units, (layer + 1) * units)
        torch.testing.assert_close(moments["residual"][layer], moments["skip"][own, own])
    skips = torch.relu(gates @ model.skip.flatten(0, 1) + model.skip_bias)
    torch.testing.assert_close(moments["end1"], skips.mT @ skips / len(skips))
    last = torch.stack([model.embed(classes)[:, -41 - lag : classes.shape[1] - lag] for lag in (2, 1, 0)], 2)
    taps = last.flatten(0, 1).flatten(1)
    torch.testing.assert_close(moments["dilated"][0], taps.mT @ taps / len(taps))


def test_moments_have_no_gradient_and_one_layer_has_no_residual() -> None:
    config = WaveNetConfig(
        blocks=1, layers=1, residual_channels=4, dilation_channels=4, skip_channels=4, end_channels=4
    )
    moments = input_moments(WaveNet(config), torch.zeros(1, 5, dtype=torch.int64))
    assert moments["residual"].shape == (0, 4, 4)
    assert not any(moment.requires_grad for moment in moments.values())
