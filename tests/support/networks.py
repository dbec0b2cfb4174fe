"""WaveNets with random weights, of shapes that the compiled loops support or not, and inputs for them."""

import torch
from torch import Tensor

from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet

ODD = WaveNetConfig(
    blocks=2,
    layers=3,
    kernel_size=3,
    residual_channels=5,
    dilation_channels=7,
    skip_channels=6,
    end_channels=9,
    classes=11,
)
WHOLE = WaveNetConfig(
    blocks=2,
    layers=4,
    kernel_size=3,
    residual_channels=48,
    dilation_channels=16,
    skip_channels=8,
    end_channels=8,
)


def model_of(config: WaveNetConfig, seed: int = 0) -> WaveNet:
    """Return a network with random weights and biases."""
    model = WaveNet(config, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0.0, 0.2, generator=torch.Generator().manual_seed(seed + 1))
    return model


def classes_of(config: WaveNetConfig, batch: int, extra: int, seed: int = 3) -> Tensor:
    """Return random classes: a receptive field, and some more."""
    shape = (batch, config.receptive_field + extra)
    return torch.randint(0, config.classes, shape, generator=torch.Generator().manual_seed(seed))
