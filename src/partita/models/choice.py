"""Models by name, and the network that a shape describes. This file does not know what they compute."""

import torch

from partita.models.flows.iaf import IAF, IAFConfig
from partita.models.sizes import WaveNetConfig
from partita.models.waveform_gan import GANConfig, WaveformGAN
from partita.models.wavenet import WaveNet

WAVENET, IAF_NAME, GAN_NAME = "wavenet", "iaf", "gan"
MODELS = (WAVENET, IAF_NAME, GAN_NAME)

Model = WaveNet | IAF | WaveformGAN
"""A network that draws sound. Its `config` has the classes and the condition."""
Shape = IAFConfig | GANConfig
"""The shape of a model that is not a WaveNet."""
SHAPES: dict[str, type[Shape]] = {IAF_NAME: IAFConfig, GAN_NAME: GANConfig}


def make_model(
    network: WaveNetConfig, shape: Shape | None, *, generator: torch.Generator | None = None
) -> Model:
    """Return a model with initial weights.

    Args:
        network: the shape of a WaveNet; of other models the classes and the condition.
        shape: that of a model that is not a WaveNet.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> type(make_model(SIZES["tiny"], None)).__name__, type(make_model(SIZES["tiny"], IAFConfig())).__name__
    ('WaveNet', 'IAF')
    """
    if shape is None:
        return WaveNet(network, generator=generator)
    if isinstance(shape, GANConfig):
        return WaveformGAN(network, shape, generator=generator)
    return IAF(network, shape, generator=generator)
