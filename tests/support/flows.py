"""Masked autoregressive flows with random weights, far from those with which training begins."""

import torch

from partita.audio.features.layout import FrameLayout
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.maf import MAF, MAFConfig
from partita.models.sizes import WaveNetConfig

LAYOUT = FrameLayout(hop_length=80, bands=3)


def flow_of(
    *,
    flows: int = 3,
    classes: int = 256,
    window: int = 40,
    layout: FrameLayout | None = None,
    kernel: int = 2,
) -> MAF:
    """Return a small model in float64; the means, scales and splines of all samples differ."""
    network = WaveNetConfig(
        blocks=1,
        layers=3,
        residual_channels=6,
        dilation_channels=5,
        skip_channels=8,
        end_channels=7,
        kernel_size=kernel,
        classes=classes,
        condition=layout,
        condition_channels=4,
    )
    random = torch.Generator().manual_seed(0)
    model = MAF(network, MAFConfig(flows=flows, bins=4, window=window), generator=random).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "end2" in name or "bias" in name:
                parameter.add_(torch.randn(parameter.shape, generator=random), alpha=0.3)
    return model


def conditions_of(batch: int, samples: int) -> Conditions:
    """Return random frames around windows that begin at different places of a block."""
    random = torch.Generator().manual_seed(1)
    count = samples // LAYOUT.hop_length + 8
    frames = torch.rand(batch, count, LAYOUT.columns, generator=random, dtype=torch.float64)
    frames[..., LAYOUT.bands] = 40.0 + 20.0 * frames[..., LAYOUT.bands]
    return Conditions(frames, 240 + 7 * torch.arange(batch))
